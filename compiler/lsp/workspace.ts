// The specs an editor has open, and what is known of each: its tree, its diagnostics, its network. Everything is worked out
// when it is first asked for, and kept until the text changes or one that it reads (`extends`, `labels`) does.

import { readdirSync, type Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { check, type Checked } from '../check.ts';
import { neighboursOf, projectOf, readText } from '../cli/files.ts';
import { collect, type Report } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import type { Written } from '../spec/document.ts';
import { makeTree, type Tree } from '../spec/tree.ts';
import { readYaml } from '../spec/yaml.ts';
import { editBetween } from './edit.ts';
import { hintsOf, moveHints, type LayerHint } from './hints.ts';
import { mentionsIn, type Mention } from './mentions.ts';
import { reread } from './reread.ts';
import { chainOf, viewOf, type Chain, type View } from './view.ts';

/** An open text, as it is now. */
export interface OpenSpec {
  readonly uri: string;
  /** Whether it says that it is a spec. Editors send all YAML there is, and of a workflow nothing is to be said. */
  readonly isSpec: boolean;
  readonly source: Source;
  readonly version: number;
}

interface State {
  readonly spec: OpenSpec;
  /** To find it takes the disk. */
  readonly project: string;
  checked: Checked | undefined;
  /** The files that the last check asked for, there or not. */
  asked: ReadonlySet<string>;
  /** What is told of its layers, by the last right network where this one is broken; worked out when somebody asks. */
  hints: () => readonly LayerHint[];
}

/** The key at the top that every spec has, or its schema's name in a comment. */
const signs = /^(?:\{\s*)?["']?netloom["']?\s*:|^#.*\bspec\.schema\.json\b/m;
/** Among more files than this no specs are searched that extend another. */
const mostFiles = 5000;
/** Longer texts are not read in spite of mistakes. */
const longestBroken = 1_000_000;

export class Workspace {
  /** By path, since that is how specs name each other. */
  private readonly states = new Map<string, State>();
  /** What lies on the disk; undefined where there is no such file. */
  private readonly files = new Map<string, string | undefined>();
  /** Texts by path, as specs of each project read them. */
  private readonly sources = new Map<string, Map<string, Source>>();
  /** Trees that YAML had nothing against. */
  private readonly trees = new WeakMap<Source, Tree>();
  /** The last of each path, from which the next is made. */
  private readonly sound = new Map<string, Tree>();
  private readonly brokenTrees = new WeakMap<Source, Written | undefined>();
  private folders: readonly string[] = [];
  /** Where the files asked for are noted while a spec is checked. */
  private asking = new Set<string>();

  /** Sets the folders in which specs that extend another are searched. */
  setFolders(uris: readonly string[]): void {
    this.folders = uris.map(pathOf);
  }

  /** Takes a text that was opened or changed; returns the open specs that may now read differently, it first. */
  set(uri: string, version: number, text: string): readonly OpenSpec[] {
    const path = pathOf(uri);
    const before = this.states.get(path);
    const edit = before && editBetween(before.spec.source.text, text);
    const project = before?.project ?? projectOf(path);
    const spec: OpenSpec = { uri, version, isSpec: signs.test(text), source: this.sourceOf(path, text, project) };
    const hints = before?.hints ?? none;
    this.states.set(path, { spec, project, checked: undefined, asked: before?.asked ?? new Set(), hints: edit ? once(() => moveHints(hints(), edit)) : hints });
    return [spec, ...this.forget(path).filter((other) => other !== spec)];
  }

  /** Drops a text that was closed; returns the open specs that may now read differently. */
  close(uri: string): readonly OpenSpec[] {
    const path = pathOf(uri);
    this.files.clear();
    this.states.delete(path);
    this.sound.delete(path);
    this.sources.delete(path);
    return this.forget(path);
  }

  /** Forgets what files on the disk said; returns the open specs that may now read differently. */
  reload(uris: readonly string[]): readonly OpenSpec[] {
    return uris.flatMap((uri) => this.forget(pathOf(uri)));
  }

  get(uri: string): OpenSpec | undefined {
    return this.states.get(pathOf(uri))?.spec;
  }

  /** All that is wrong with an open spec, and its network. */
  checked(spec: OpenSpec): Checked {
    const state = this.stateOf(spec);
    if (state.checked) return state.checked;
    this.asking = new Set();
    const checked = check(spec.source, new Map(), (source, report) => this.read(source, report));
    state.asked = this.asking;
    state.checked = checked;
    const root = checked.document && this.tree(spec.source);
    // Of a right network nothing older is held on to; behind a mistake it has to be.
    const before = checked.graph ? [] : state.hints();
    state.hints = once(() => (root ? hintsOf(root, this.view(spec.source), checked, before) : before.map((hint) => ({ ...hint, stale: true }))));
    return checked;
  }

  /** What is told of the layers of an open spec. */
  hints(spec: OpenSpec): readonly LayerHint[] {
    this.checked(spec);
    return this.stateOf(spec).hints();
  }

  /** The tree of a file, mistakes or not; undefined where nothing can be made of it. */
  tree(source: Source): Written | undefined {
    const sound = this.trees.get(source) ?? this.read(source, collect().report);
    if (sound) return sound.root;
    if (!this.brokenTrees.has(source)) this.brokenTrees.set(source, readBroken(source));
    return this.brokenTrees.get(source);
  }

  /** A spec with its bases. */
  chain(source: Source): Chain {
    return chainOf(source, (other) => this.tree(other));
  }

  view(source: Source): View {
    return viewOf(this.chain(source));
  }

  mentions(source: Source): readonly Mention[] {
    const root = this.tree(source);
    return root ? mentionsIn(root, this.view(source)) : [];
  }

  /** This spec and all that extend it, open or on the disk. */
  family(source: Source): readonly Source[] {
    const others = [...this.specFiles(source.path)].flatMap((path) => (path === source.path ? [] : (this.load(path, projectOf(path)) ?? [])));
    return [source, ...others.filter((other) => other.text.includes('extends') && this.chain(other).some((base) => base.source.path === source.path))];
  }

  /** Open specs, and those of the workspace or, where there is none, beside `path`. */
  private *specFiles(path: string): Iterable<string> {
    const open = new Set(this.states.keys());
    yield* open;
    const workspace = this.folders.find((folder) => path.startsWith(folder));
    const pending = [workspace ?? dirname(path)];
    let count = 0;
    for (let folder = pending.pop(); folder !== undefined && count < mostFiles; folder = pending.pop()) {
      for (const entry of listFolder(folder)) {
        const full = join(folder, entry.name);
        count++;
        if (entry.isDirectory() && workspace !== undefined && !/^\.|^node_modules$/.test(entry.name)) pending.push(full);
        if (entry.isFile() && /\.ya?ml$/i.test(entry.name) && !open.has(full)) yield full;
      }
    }
  }

  private stateOf(spec: OpenSpec): State {
    const state = this.states.get(spec.source.path);
    return state?.spec === spec ? state : { spec, project: projectOf(spec.source.path), checked: undefined, asked: new Set(), hints: none };
  }

  /** Reads a text; one that is another but for an edit to one layer costs little. */
  private read(source: Source, report: Report): Tree | undefined {
    const kept = this.trees.get(source);
    if (kept) return kept;
    const before = this.sound.get(source.path);
    const again = before && reread(before, source);
    if (again) return this.keep(source, again);
    const verdict = { right: true };
    const tree = readYaml(source, (law, span, holes, more) => {
      verdict.right = false;
      report(law, span, holes, more);
    });
    return tree && verdict.right ? this.keep(source, tree) : tree;
  }

  private keep(source: Source, tree: Tree): Tree {
    this.trees.set(source, tree);
    this.sound.set(source.path, tree);
    return tree;
  }

  /** A file as the editor has it, or as it lies on the disk, for a spec of this project: what lies outside is not read. */
  private load(path: string, project: string): Source | undefined {
    this.asking.add(path);
    const open = this.states.get(path)?.spec.source;
    if (!open && !this.files.has(path)) this.files.set(path, readText(path)?.text);
    const text = open ? open.text : this.files.get(path);
    return text === undefined ? undefined : this.sourceOf(path, text, project);
  }

  /** The same one as long as the text is the same: what is known of it is kept with it. */
  private sourceOf(path: string, text: string, project: string): Source {
    const known = this.sources.get(path) ?? new Map<string, Source>();
    this.sources.set(path, known);
    const last = known.get(project);
    if (last?.text === text) return last;
    const source = { path, text, ...neighboursOf(path, (neighbour) => this.load(neighbour, project), project) };
    known.set(project, source);
    return source;
  }

  private forget(path: string): readonly OpenSpec[] {
    this.files.delete(path);
    const readers = [...this.states.values()].filter(({ asked }) => asked.has(path));
    for (const reader of readers) reader.checked = undefined;
    return readers.map(({ spec }) => spec);
  }
}

const none = (): readonly LayerHint[] => [];

/** Works something out when it is first asked for, and then lets go of what that took. */
function once<T>(work: () => T): () => T {
  let state: { readonly work: () => T } | { readonly value: T } = { work };
  return () => {
    if ('work' in state) state = { value: state.work() };
    return state.value;
  };
}

/** The path of a file's URI; a text that is no file has its URI for a path. */
function pathOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    return uri;
  }
}

function listFolder(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** What can be made of a text that YAML has something against. */
function readBroken(source: Source): Written | undefined {
  if (source.text.length > longestBroken) return undefined;
  try {
    const { contents } = parseDocument(source.text, { version: '1.2', uniqueKeys: false, resolveKnownTags: false, prettyErrors: false, logLevel: 'silent' });
    return contents === null ? undefined : makeTree(contents, source, () => undefined)?.root;
  } catch {
    // Nested too deeply, or nothing that a tree can be made of.
    return undefined;
  }
}
