// The layers of a spec, one after the other: where a block is used stand all of its layers, named `instance.layer`, as if
// they had been written there. Every place in them is still the one in the block, with the line that uses it beside it.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import { respell } from '../source/fix.ts';
import type { Span, Spanned } from '../source/source.ts';
import { listOf, suggest } from '../source/suggest.ts';
import { spanBeside, standBeside } from './beside.ts';
import { reservedNames } from './blocks.ts';
import type { Block } from './blocks.ts';
import type { LayerSpec, Use, Written, WrittenEntry } from './document.ts';
import type { Names } from './evaluate.ts';
import type { Vocabulary } from './keys.ts';
import { argument, instanceKeys, layerKeys } from './keys.ts';
import { judgeExpressions, judgeName } from './name.ts';
import { readNumber, refuse } from './number.ts';
import { namesInBlock } from './params.ts';
import { entriesOf } from './place.ts';
import { shapeOf } from './shape.ts';

type Entries = ReadonlyMap<string, WrittenEntry>;

/** What blocks may make of a spec, together; ten times the largest network there is, and checked in seconds. */
const mostLayers = 20_000;

export interface LayerSettings {
  readonly blocks: ReadonlyMap<string, Block>;
  /** What the first layer reads that names nothing. */
  readonly input: string;
  readonly operators: readonly Vocabulary[];
  readonly flawed: Set<Written>;
  readonly report: Report;
}

/** The layers that stand at one level: the spec's own, or those of an instance. */
interface Level {
  /** `fire2.`; nothing for the spec's own. */
  readonly prefix: string;
  readonly names: Names;
  /** What an instance's `input` stands for, and whether it was named. */
  readonly receives?: { readonly from: readonly Spanned<string>[]; readonly named: boolean };
  /** The blocks that are being put in, outermost first. */
  readonly open: readonly string[];
  readonly use?: Use;
}

export interface Layers {
  readonly layers: readonly LayerSpec[];
  readonly instances: ReadonlyMap<string, string>;
}

/** Reads all layers. What is wrong is reported, and stands for itself as a flawed layer. */
export function readLayers(entries: Entries, names: Names, settings: LayerSettings): Layers {
  const writer = layerWriter(settings);
  writer.write(entries, { prefix: '', names, open: [] });
  return writer;
}

/** The layers of a block that nothing uses, its params without values. */
export function readSpare(block: Block, names: Names, settings: LayerSettings): Layers {
  const writer = layerWriter(settings);
  const input = { value: settings.input, span: block.key };
  const given = new Map([...block.params.keys()].map((name) => [name, undefined]));
  const own = namesInBlock(block, given, names, settings.flawed, settings.report);
  writer.write(block.layers, { prefix: `${block.name}.`, names: own, receives: { from: [input], named: false }, open: [block.name] });
  return writer;
}

function layerWriter({ blocks, input, operators, flawed, report }: LayerSettings): Layers & { readonly write: (entries: Entries, level: Level) => void } {
  const layers: LayerSpec[] = [];
  const instances = new Map<string, string>();
  /** Where each name was given. */
  const named = new Map<string, Span>();
  let full = false;

  function write(entries: Entries, level: Level): void {
    let first = true;
    for (const [name, entry] of entries) {
      if (full) return;
      const keys = entriesOf(entry.value);
      // What has both is told of by its structure.
      if (keys?.has('use') === true && !keys.has('op')) writeInstance(name, entry, level, first);
      else add(read(name, entry, level, first));
      first = false;
    }
  }

  function add(layer: LayerSpec): void {
    const { name } = layer;
    const known = named.get(name.value);
    if (full) return;
    if (known) {
      report(catalog.duplicateKey, name.span, { key: name.value }, { related: [{ span: known, note: 'the first of that name' }] });
      return;
    }
    named.set(name.value, name.span);
    layers.push(layer);
  }

  function read(local: string, { key, value }: WrittenEntry, level: Level, first: boolean): LayerSpec {
    const { names } = level;
    const name = `${level.prefix}${local}`;
    const entries: Entries = entriesOf(value) ?? new Map<string, WrittenEntry>();
    const sound = (word: string): Written | undefined => {
      const found = entries.get(word)?.value;
      return found === undefined || flawed.has(found) ? undefined : found;
    };
    const op = sound('op');
    const activation = sound('activation');
    const expectWritten = sound('expect');
    const init = sound('init');
    const from = sourcesOf(entries.get('from'), level, first);
    const expect = expectWritten && shapeOf(expectWritten, true, { where: `${name}: \`expect\``, expected: 'a shape', names, report });
    if (init) judgeExpressions(init, flawed, names, report);
    const wellNamed = judgeName(local, key, 'a layer', report) && judgeInput(local, key, level);
    const attributes = new Map<string, WrittenEntry>();
    // What it is filled with and what it is expected to be change nothing for those that read it.
    let broken = !wellNamed || flawed.has(value);
    entries.forEach((entry, word) => {
      const isFlawed = flawed.has(entry.value);
      if (isFlawed && word !== 'init' && word !== 'expect') broken = true;
      if (!isFlawed && !Object.hasOwn(layerKeys, word)) attributes.set(word, entry);
    });
    return {
      // A place of its own: the same layer of a block is another one each time.
      name: { value: name, span: { ...key } },
      op: typeof op?.value === 'string' ? { value: op.value, span: op.span } : { value: '', span: key },
      ...(from ? { from } : {}),
      ...(typeof activation?.value === 'string' ? { activation: { value: activation.value, span: activation.span } } : {}),
      ...(expectWritten && expect ? { expect: { value: expect, span: expectWritten.span } } : {}),
      ...(entries.has('expect') && !expect ? { expectIsFlawed: true } : {}),
      ...(init ? { init } : {}),
      attributes,
      ...(level.prefix === '' ? {} : { names, instance: level.prefix.slice(0, -1), ...(level.use ? { use: level.use } : {}) }),
      span: spanOf(key, value),
      flawed: broken,
    };
  }

  /** What a layer or an instance reads, by whole names; undefined where that is the layer above. */
  function sourcesOf(entry: WrittenEntry | undefined, { prefix, receives }: Level, first: boolean): readonly Spanned<string>[] | undefined {
    if (!entry || flawed.has(entry.value)) return first && receives?.named === true ? receives.from : undefined;
    return namesIn(entry.value).flatMap((name) => {
      if (!receives) return [name];
      return name.value === 'input' ? receives.from.map(({ value }) => ({ value, span: name.span })) : [{ value: `${prefix}${name.value}`, span: name.span }];
    });
  }

  /** In a block `input` is what arrives, so no layer can have that name. */
  function judgeInput(name: string, key: Span, { receives }: Level): boolean {
    if (!receives || name !== 'input') return true;
    report(catalog.namedAsInput, key, { layer: name }, { help: 'inside a block `input` is what arrives where it is used' });
    return false;
  }

  function writeInstance(local: string, entry: WrittenEntry, level: Level, first: boolean): void {
    const { key, value } = entry;
    const name = `${level.prefix}${local}`;
    const keys = entriesOf(value) ?? new Map<string, WrittenEntry>();
    const from = sourcesOf(keys.get('from'), level, first);
    const wellNamed = judgeName(local, key, 'a layer', report) && judgeInput(local, key, level);
    const block = blockOf(name, keys.get('use'), level);
    const given = block && argumentsOf(name, block, keys, level.names);
    const times = repetitions(name, keys.get('repeat')?.value, level.names);
    const known = named.get(name);
    if (known) report(catalog.duplicateKey, key, { key: name }, { related: [{ span: known, note: 'the first of that name' }] });
    const broken = !wellNamed || flawed.has(value) || [...keys].some(([word, other]) => word !== 'expect' && flawed.has(other.value));
    if (!block || !given || times === undefined || broken || known || name === input) {
      if (!known) add({ name: { value: name, span: key }, op: { value: '', span: key }, attributes: new Map(), span: spanOf(key, value), flawed: true });
      return;
    }

    const names = namesInBlock(block, given, level.names, flawed, report);
    const silent: Report = () => undefined;
    const namesWith = (param: string, other: number): Names => namesInBlock(block, new Map([...given, [param, other]]), level.names, flawed, silent);
    const use: Use = { instance: name, params: new Set(block.params.keys()), namesWith };
    // What an instance changes stands in its own layers.
    const written = entriesOf(keys.get('layers')?.value) ?? block.layers;
    const above = { value: layers.at(-1)?.name.value ?? input, span: key };
    named.set(name, key);
    for (let time = 1; time <= times && !full; time++) {
      const inner = keys.has('repeat') ? `${name}.${time}` : name;
      const receives = time > 1 ? { from: [{ value: layers.at(-1)?.name.value ?? '', span: key }], named: false } : { from: from ?? [above], named: from !== undefined };
      const before = layers.length;
      const beside = { span: key, note: `${inner} uses ${block.name}`, uses: true };
      const placed = new Map([...written].map(([word, layer]) => [word, { key: spanBeside(layer.key, beside), value: standBeside(layer.value, beside, flawed) }]));
      write(placed, { prefix: `${inner}.`, names, receives, open: [...level.open, block.name], ...(level.prefix === '' ? { use } : {}) });
      const last = layers.at(-1)?.name.value;
      if (last !== undefined && layers.length > before) instances.set(inner, last).set(name, last);
      if (layers.length > mostLayers) {
        report(catalog.tooManyLayers, key, { layer: name, limit: mostLayers });
        // Of a network cut off there is nothing to say.
        full = true;
        layers.length = 0;
        instances.clear();
        return;
      }
    }
    expectOf(name, keys.get('expect')?.value, level.names);
  }

  /** The block that an instance names; undefined after reporting. */
  function blockOf(name: string, entry: WrittenEntry | undefined, { open }: Level): Block | undefined {
    const word = entry?.value.value;
    if (!entry || typeof word !== 'string' || flawed.has(entry.value)) return undefined;
    const block = blocks.get(word);
    const { span } = entry.value;
    if (!block) {
      const known = [...blocks.keys()];
      const near = suggest(word, known);
      const help =
        operators.some((operator) => operator.name === word) ? `\`${word}\` is an operator: write \`op: ${word}\``
        : near !== undefined ? `did you mean \`${near}\`?`
        : known.length > 0 ? `the blocks are ${listOf(known, 'and')}`
        : 'declare it below `blocks:`, with its layers';
      report(catalog.unknownBlock, span, { layer: name, block: word }, { help, fix: respell(span, word, known) });
      return undefined;
    }
    const begun = open.indexOf(word);
    if (begun < 0) return block.layers.size === 0 ? undefined : block;
    const path = [...open.slice(begun), word].join(' → ');
    report(catalog.blockCycle, span, { name: word, path }, { related: [{ span: block.key, note: 'the block' }] });
    return undefined;
  }

  /** What an instance gives its block's params; undefined after reporting. */
  function argumentsOf(instance: string, block: Block, keys: Entries, names: Names): ReadonlyMap<string, number | undefined> | undefined {
    const where = `${instance}: ${block.name}`;
    const params = [...block.params.keys()];
    const given = new Map<string, number | undefined>();
    const meant = new Set<string>();
    let right = true;
    for (const [key, entry] of keys) {
      if (Object.hasOwn(instanceKeys, key) || reservedNames.has(key)) continue;
      if (!block.params.has(key)) {
        const near = suggest(key, params.filter((param) => !keys.has(param))) ?? suggest(key, [...params, ...Object.keys(instanceKeys)]);
        if (near !== undefined) meant.add(near);
        const help = near !== undefined ? `did you mean \`${near}\`?` : params.length > 0 ? `its params are ${listOf(params, 'and')}` : 'the block has no params';
        const related = [{ span: block.key, note: 'the block' }];
        report(catalog.unknownKey, entry.key, { where, key }, { help, related, fix: respell(entry.key, key, params.filter((param) => !keys.has(param))) });
        right = false;
      } else if (flawed.has(entry.value)) {
        right = false;
      } else {
        given.set(key, readNumber(entry.value, { where: `${instance}: \`${key}\``, expected: argument.expected, names, report }));
      }
    }
    for (const [param, { key, value }] of block.params) {
      if (value.value !== null || flawed.has(value) || keys.has(param) || meant.has(param)) continue;
      const span = keys.get('use')?.value.span ?? key;
      report(catalog.missingKey, span, { where, key: param, expected: argument.expected }, { related: [{ span: key, note: 'has no value of its own' }] });
      right = false;
    }
    return right ? given : undefined;
  }

  /** How many times a block stands; undefined after reporting. */
  function repetitions(instance: string, written: Written | undefined, names: Names): number | undefined {
    if (!written) return 1;
    if (flawed.has(written)) return undefined;
    const slot = { where: `${instance}: \`repeat\``, expected: 'a whole number, at least 1', names, report };
    const times = readNumber(written, slot);
    if (times === undefined || (Number.isSafeInteger(times) && times >= 1)) return times;
    refuse(written, slot);
    return undefined;
  }

  /** An instance's `expect` is its last layer's. */
  function expectOf(instance: string, written: Written | undefined, names: Names): void {
    const last = layers.at(-1);
    if (!written || flawed.has(written) || last?.name.value !== instances.get(instance)) return;
    const value = shapeOf(written, true, { where: `${instance}: \`expect\``, expected: 'a shape', names, report });
    if (value === undefined || last === undefined) return;
    if (last.expect) report(catalog.expectTwice, written.span, { layer: instance, last: last.name.value }, { related: [{ span: last.expect.span, note: 'the first' }] });
    else layers[layers.length - 1] = { ...last, expect: { value, span: written.span } };
  }

  return { layers, instances, write };
}

function spanOf(key: Span, value: Written): Span {
  return { ...key, end: Math.max(key.end, value.span.source === key.source ? value.span.end : 0) };
}

/** One name or a list of them. */
export function namesIn(written: Written): readonly Spanned<string>[] {
  const items = Array.isArray(written.value) ? (written.value as readonly Written[]) : [written];
  return items.flatMap(({ value, span }) => (typeof value === 'string' ? [{ value, span }] : []));
}
