// YAML to a tree of values that know where they stand. What is plain in every way is read by `plain-yaml.ts`, in a fraction
// of the time; all else the `yaml` package reads (YAML 1.2, core schema), and here its tree becomes `Written`, and what a spec does not take from YAML is refused in words that fit a spec: merge keys,
// tags, a second document, keys that are no words, and texts built to exhaust whoever reads them.

import { Composer, Parser } from 'yaml';
import type { CST, Document } from 'yaml';
import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { reportSyntax } from './yaml-errors.ts';
import type { Tree } from './tree.ts';
import { makeTree } from './tree.ts';

/** UTF-16 units; ten thousand layers take a quarter of it. */
const largestFile = 4_000_000;
/** The deepest spec that makes sense nests six levels. */
const deepest = 60;

/** Reads a file's text. Reports and returns undefined where the text is no YAML; reports and goes on where it can. */
export function readYaml(source: Source, report: Report): Tree | undefined {
  return isText(source, report) ? (readPlainYaml(source) ?? readAnyYaml(source, report)) : undefined;
}

/** Reads a text with all that YAML has, and with all that may be wrong in it. */
export function readAnyYaml(source: Source, report: Report): Tree | undefined {
  const document = compose(source, report);
  if (!document) return undefined;
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    reportSyntax(source, document, problems, report);
    if (document.errors.length > 0) return undefined;
  }
  if (document.contents === null) {
    report(catalog.emptyFile, { source, start: 0, end: firstLineEnd(source.text) }, {});
    return undefined;
  }
  return makeTree(document.contents, source, report);
}

const firstLineEnd = (text: string): number => {
  const end = text.search(/[\r\n]/);
  return end < 0 ? text.length : end;
};

function isText(source: Source, report: Report): boolean {
  const { text } = source;
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  const strange = text.slice(0, 100_000).search(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/);
  if (strange >= 0) {
    const point = text.charCodeAt(strange).toString(16).toUpperCase().padStart(4, '0');
    report(catalog.notText, { source, start: strange, end: strange + 1 }, { point });
    return false;
  }
  if (text.length > largestFile) {
    const size = (text.length / 1e6).toFixed(1);
    report(catalog.fileTooLarge, { source, start: 0, end: 1 }, { size, limit: largestFile / 1e6, characters: text.length });
    return false;
  }
  const undecoded = text.indexOf('\uFFFD');
  if (undecoded >= 0) {
    report(catalog.notUtf8, { source, start: undecoded, end: undecoded + 1 }, {});
    return false;
  }
  return true;
}

/** The file's only document, unless its nesting would exhaust the stack of whoever walks it. */
function compose(source: Source, report: Report): Document.Parsed | undefined {
  // Duplicate keys are found by the walk below: it points at both, and takes linear time.
  const composer = new Composer({ version: '1.2', uniqueKeys: false, resolveKnownTags: false, prettyErrors: false, logLevel: 'silent' });
  const documents: Document.Parsed[] = [];
  let begun = false;
  let second: number | undefined;
  for (const token of new Parser().parse(source.text)) {
    if (token.type === 'document') {
      const tooDeep = depthOf(token);
      if (tooDeep.depth > deepest) {
        const span = { source, start: tooDeep.at, end: tooDeep.at + 1 };
        report(catalog.nestedTooDeeply, span, { depth: tooDeep.depth, limit: deepest, level: deepest + 1 });
        return undefined;
      }
      if (begun) second ??= token.offset;
      begun = true;
    }
    for (const document of composer.next(token)) documents.push(document);
  }
  for (const document of composer.end(true, source.text.length)) documents.push(document);
  if (second !== undefined) {
    report(catalog.severalDocuments, { source, start: second, end: second + 3 }, {});
    return undefined;
  }
  return documents[0];
}

/** How deep a document nests, and where it first goes beyond what is allowed. */
function depthOf(document: CST.Document): { depth: number; at: number } {
  let deepestSeen = 0;
  let at = 0;
  const pending: { token: CST.Token; depth: number }[] = document.value ? [{ token: document.value, depth: 0 }] : [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { token, depth } = next;
    if (!('items' in token)) continue;
    const own = depth + 1;
    if (own === deepest + 1 && at === 0) at = token.offset;
    deepestSeen = Math.max(deepestSeen, own);
    for (const { key, value } of token.items) {
      if (value) pending.push({ token: value, depth: own });
      if (key) pending.push({ token: key, depth: own });
    }
  }
  return { depth: deepestSeen, at };
}
