// Every diagnostic the compiler can give: its code, and its words with typed holes, so that a missing or misspelt hole
// does not compile. Keys name the law that was broken; codes are for users and web searches, and are never reused.
//
// NL1xxx text (YAML), NL2xxx words (names, keys, values), NL3xxx shapes, NL4xxx device limits, NL5xxx contracts.

import type { Diagnostic, Related, Severity } from './diagnostic.ts';
import type { Fix } from './fix.ts';
import type { Span } from './source.ts';

export interface Entry {
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, with the numbers. */
  readonly message: string;
  /** What the marked place is. */
  readonly label: string;
  /** What to do, where it is always the same. */
  readonly help?: string;
}

type HoleNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | HoleNames<Rest> : never;

/** The values an entry's texts ask for: `{layer}` in a message wants `layer`. */
export type Holes<E extends Entry> = Readonly<
  Record<HoleNames<E['message'] | E['label'] | (E extends { readonly help: infer Help extends string } ? Help : never)>, string | number>
>;

export interface More {
  readonly related?: readonly Related[];
  /** What to do, where it has to be worked out; stands instead of the entry's own. */
  readonly help?: string | undefined;
  readonly fix?: Fix | undefined;
}

export type Report = <E extends Entry>(law: E, span: Span, holes: Holes<E>, more?: More) => void;

/** A report that keeps what it is told, in that order. */
export function collect(): { readonly report: Report; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (law, span, holes, more = {}) => {
    const fill = (text: string): string =>
      text.replace(/\{(\w+)\}/g, (_, name: string) => String((holes as Readonly<Record<string, string | number>>)[name]));
    const help = more.help ?? (law.help === undefined ? undefined : fill(law.help));
    const related = [...(more.related ?? [])];
    diagnostics.push({
      code: law.code,
      severity: law.severity,
      message: fill(law.message),
      span,
      label: fill(law.label),
      ...(help === undefined ? {} : { help }),
      ...(more.fix === undefined ? {} : { fix: more.fix }),
      related: [...related, ...besides(span, related)],
    });
  };
  return { report, diagnostics };
}

/** Of the lines that use a block, as many are shown with what is wrong in it. */
const mostInstances = 4;

/**
 * What is wrong in a block is wrong wherever the block is used: it is told once, with the lines that use it. So is a param
 * that is not declared, with the other places that want it.
 */
export function tellOnce(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const told: Diagnostic[] = [];
  const undeclared = new Map<string, Related[]>();
  const inBlocks = new Map<string, { readonly ways: Set<string>; readonly related: Related[]; readonly most: number }>();
  for (const diagnostic of diagnostics) {
    const { code, span, message } = diagnostic;
    // Where another name was meant, each place is a mistake of its own.
    if (code === catalog.unknownParam.code && diagnostic.help?.startsWith('did you mean') !== true) {
      const wanted = undeclared.get(message);
      if (wanted && wanted.length < mostInstances) wanted.push({ span, note: 'also here' });
      if (wanted) continue;
      const related = [...diagnostic.related];
      undeclared.set(message, related);
      told.push({ ...diagnostic, related });
      continue;
    }
    if (span.beside === undefined) {
      told.push(diagnostic);
      continue;
    }
    const place = `${code} ${span.source.path} ${span.start} ${span.end}`;
    const way = besides(span, []).map((other) => `${other.span.source.path} ${other.span.start} ${other.note}`).join('\n');
    const known = inBlocks.get(place);
    if (known && !known.ways.has(way)) {
      known.ways.add(way);
      for (const other of besides(span, known.related)) if (known.related.length < known.most) known.related.push(other);
      continue;
    }
    const related = [...diagnostic.related];
    if (!known) inBlocks.set(place, { ways: new Set([way]), related, most: related.length + mostInstances });
    told.push({ ...diagnostic, related });
  }
  return told;
}

/** What stands beside a place, and the way from the spec that is judged to the text it is in. */
function besides(span: Span, told: readonly Related[]): readonly Related[] {
  const others: Related[] = [];
  for (let at = span.beside; at !== undefined; at = at.span.beside) {
    const { start, source } = at.span;
    if (![span, ...told.map((other) => other.span)].some((known) => known.source === source && known.start === start)) others.push(at);
  }
  for (let { source } = span; source.extendedBy !== undefined; source = source.extendedBy.source) {
    const { extendedBy, path } = source;
    if (![...told, ...others].some((known) => known.span.source === extendedBy.source)) others.push({ span: extendedBy, note: `is built on ${path}` });
  }
  return others;
}

const error = <const E extends Omit<Entry, 'severity'>>(entry: E): E & { readonly severity: 'error' } => ({ ...entry, severity: 'error' });

const warning = <const E extends Omit<Entry, 'severity'>>(entry: E): E & { readonly severity: 'warning' } => ({ ...entry, severity: 'warning' });

const note = <const E extends Omit<Entry, 'severity'>>(entry: E): E & { readonly severity: 'note' } => ({ ...entry, severity: 'note' });

export const catalog = {
  cannotRead: error({
    code: 'NL1000',
    message: '{file} {reason}',
    label: 'nothing to read',
  }),
  emptyFile: error({
    code: 'NL1001',
    message: 'there is no spec in this file',
    label: 'nothing but blanks and comments',
    help: 'a spec begins with `netloom: 1`, then `name:`, `input:` and `layers:`',
  }),
  fileTooLarge: error({
    code: 'NL1002',
    message: 'the file is {size} MB large; a spec may have {limit}',
    label: 'a text of {characters} characters begins here',
    help: 'is it the spec? Weights belong in a .safetensors file',
  }),
  notText: error({
    code: 'NL1003',
    message: 'this is a binary file, not a spec',
    label: 'character U+{point}, which no text holds',
    help: 'is it the spec? Specs are YAML, saved as UTF-8',
  }),
  notUtf8: error({
    code: 'NL1004',
    message: 'the file is not UTF-8',
    label: 'bytes that are no character',
    help: 'save it as UTF-8',
  }),
  nestedTooDeeply: error({
    code: 'NL1005',
    message: 'nested {depth} levels deep; a spec may have {limit}',
    label: 'level {level}',
  }),
  aliasesTooMany: error({
    code: 'NL1006',
    message: 'the aliases of this file stand for more than {limit} values',
    label: 'stands for {count} values',
    help: 'an alias of a list of aliases grows with every level; write less of them',
  }),
  duplicateKey: error({
    code: 'NL1007',
    message: '{key} is written twice',
    label: 'again here',
    help: 'remove one of them, or give it another name',
  }),
  mergeKey: error({
    code: 'NL1008',
    message: 'merge keys (`<<`) are not read',
    label: 'a merge key',
    help: 'what layers share belongs in `blocks:`, what specs share in a base that this one `extends:`',
  }),
  severalDocuments: error({
    code: 'NL1009',
    message: 'the file holds more than one document',
    label: 'a second one begins here',
    help: 'a file is one spec: put the other one in a file of its own',
  }),
  tabIndent: error({
    code: 'NL1010',
    message: 'indented with a tab',
    label: 'a tab; YAML indents with blanks',
    help: 'indent with blanks, two a level',
  }),
  badIndent: error({
    code: 'NL1011',
    message: 'this line is indented by {columns}, which fits no level above it',
    label: 'does not line up',
    help: 'keys of one map begin in the same column',
  }),
  unclosedBracket: error({
    code: 'NL1012',
    message: '`{open}` is never closed',
    label: 'opened here; no `{close}` follows',
    help: 'add the `{close}`',
  }),
  unclosedQuote: error({
    code: 'NL1013',
    message: 'the quoted text is never closed',
    label: 'opened here',
    help: 'add the closing {quote}',
  }),
  unexpectedText: error({
    code: 'NL1014',
    message: '`{text}` does not belong here',
    label: 'unexpected',
  }),
  nestedOnOneLine: error({
    code: 'NL1015',
    message: 'a map cannot begin on the line of its key',
    label: 'a key with a value of its own',
    help: 'quote it if it is text; a map stands on lines of its own, indented further, or in braces',
  }),
  missingColon: error({
    code: 'NL1016',
    message: '`{key}` has no value',
    label: 'no colon follows',
    help: 'write `{key}: value`',
  }),
  bareComma: error({
    code: 'NL1017',
    message: 'the comma ends the value `{before}`',
    label: 'inside braces a comma begins the next key',
    help: 'quote the value: "{whole}"',
  }),
  bareQuestionMark: error({
    code: 'NL1018',
    message: 'a lone `?` is not a value in YAML',
    label: 'must be quoted',
    help: 'write "?", or a shape such as ?x?x96',
  }),
  reservedCharacter: error({
    code: 'NL1019',
    message: 'a value cannot begin with `{character}`',
    label: 'means something else in YAML',
    help: 'quote the value',
  }),
  badEscape: error({
    code: 'NL1020',
    message: '`{escape}` is not an escape of YAML',
    label: 'in double quotes a backslash begins an escape',
    help: 'double the backslash, or use single quotes',
  }),
  unknownAlias: error({
    code: 'NL1021',
    message: 'no anchor is called {name}',
    label: 'an alias of `&{name}`, which is not written above',
  }),
  aliasOfItself: error({
    code: 'NL1022',
    message: 'the alias {name} stands inside what it stands for',
    label: 'would never end',
  }),
  tag: error({
    code: 'NL1023',
    message: 'the tag `{tag}` means nothing in a spec',
    label: 'a tag',
    help: 'remove it; quote a value that must stay text',
  }),
  keyNotText: error({
    code: 'NL1024',
    message: 'a key must be a word',
    label: 'not a word',
  }),
  notYaml: error({
    code: 'NL1025',
    message: 'this is not YAML: {problem}',
    label: 'here',
  }),
  missingComma: error({
    code: 'NL1026',
    message: 'a comma is missing before `{text}`',
    label: 'begins another entry',
    help: 'entries in braces and brackets are separated by commas',
  }),

  unknownKey: error({
    code: 'NL2001',
    message: '{where} has no key `{key}`',
    label: 'unknown key',
  }),
  keyOfAnotherOperator: error({
    code: 'NL2002',
    message: '{layer}: `{key}` is a key of {others}, not of {op}',
    label: '{op} does not take it',
  }),
  missingKey: error({
    code: 'NL2003',
    message: '{where} needs `{key}`',
    label: 'no `{key}` here',
    help: 'add `{key}:` ({expected})',
  }),
  wrongValue: error({
    code: 'NL2004',
    message: '{where} cannot be {found}',
    label: 'expected {expected}',
  }),
  unknownOperator: error({
    code: 'NL2005',
    message: '{layer}: there is no operator `{op}`',
    label: 'unknown operator',
  }),
  unknownWord: error({
    code: 'NL2006',
    message: '{where} cannot be `{word}`',
    label: 'expected {expected}',
  }),
  unknownVersion: error({
    code: 'NL2007',
    message: 'language version {version} is not known',
    label: 'this netloom reads version 1',
    help: 'write `netloom: 1`, or use a newer netloom',
  }),
  badName: error({
    code: 'NL2008',
    message: '`{name}` cannot be the name of {what}',
    label: '{problem}',
    help: 'a name is a letter, then letters, digits, {also}',
  }),
  unknownLayer: error({
    code: 'NL2009',
    message: '{where}: there is no layer `{name}`',
    label: 'unknown layer',
  }),
  laterLayer: error({
    code: 'NL2010',
    message: '{layer} reads {name}, which comes after it',
    label: 'not computed yet',
    help: 'layers are computed in the order they are written: move {name} above {layer}',
  }),
  readsItself: error({
    code: 'NL2011',
    message: '{layer} reads its own output',
    label: 'the layer itself',
  }),
  cycle: error({
    code: 'NL2012',
    message: '{layer} depends on itself: {path}',
    label: '{name} in turn reads {layer}',
  }),
  namedAsInput: error({
    code: 'NL2013',
    message: '{layer} is the name of the input, so no layer may have it',
    label: 'a layer of the same name',
  }),
  outputTwice: error({
    code: 'NL2014',
    message: '{name} is an output twice',
    label: 'again here',
  }),
  inputAsOutput: error({
    code: 'NL2015',
    message: 'the input {name} cannot be an output',
    label: 'the input, not a layer',
  }),
  tooManyInputs: error({
    code: 'NL2016',
    message: '{layer}: {op} takes one input, not {count}',
    label: 'the second input',
    help: 'join them first: `op: concat` puts channels side by side, `op: add` sums',
  }),
  noInputNamed: error({
    code: 'NL2017',
    message: '{layer} reads nothing',
    label: 'an empty list',
    help: 'name a layer, or leave `from` out to read the layer above',
  }),
  unreadLayer: warning({
    code: 'NL2018',
    message: 'nobody reads {layer}',
    label: 'computed for nothing',
    help: 'add it to `outputs`, let a layer read it with `from`, or remove it',
  }),
  severalInputs: error({
    code: 'NL2019',
    message: 'a network has exactly one input, not {count}',
    label: 'another input',
  }),
  badShape: error({
    code: 'NL2020',
    message: '{where}: `{text}` is not a shape',
    label: '{problem}',
    help: 'a picture is height x width x channels (224x224x3), a vector one number (4096)',
  }),
  unknownParam: error({
    code: 'NL2021',
    message: 'there is no param `{name}`',
    label: 'unknown param',
  }),
  unknownOverride: error({
    code: 'NL2022',
    message: '--set {name}: the spec has no such param',
    label: 'unknown param',
  }),
  badExpression: error({
    code: 'NL2023',
    message: 'the expression goes wrong at {place}',
    label: 'expected {expected}',
  }),
  divisionByZero: error({
    code: 'NL2024',
    message: '{left} {operator} {right} divides by zero',
    label: 'what stands right of it is 0',
  }),
  overflow: error({
    code: 'NL2025',
    message: '{what} is {value}, beyond the whole numbers that can be told apart (2^53)',
    label: 'too large from here on',
  }),
  paramCycle: error({
    code: 'NL2026',
    message: 'the params {path} depend on each other',
    label: '{name} needs {next}',
  }),
  fractionForCount: error({
    code: 'NL2027',
    message: '{where} is {value}, not a whole number',
    label: 'leaves a fraction',
    help: 'round it: `//` divides downwards; round(), floor() and ceil() make a whole number',
  }),
  wrongArguments: error({
    code: 'NL2028',
    message: '{name} takes {takes}, not {count}',
    label: 'called here',
    help: 'write {usage}',
  }),
  unknownFunction: error({
    code: 'NL2029',
    message: 'there is no function `{name}`',
    label: 'unknown function',
  }),
  wrongOperand: error({
    code: 'NL2030',
    message: '`{operator}` needs {wanted}, but {text} is {found}',
    label: 'is {found}',
  }),
  labelsNotFound: error({
    code: 'NL2031',
    message: 'there is no file {path} beside the spec, and no list of that name is built in',
    label: 'not found',
    help: 'write `labels: imagenet-1k`, or the name of a text file beside the spec, one name a line',
  }),
  emptyLabel: error({
    code: 'NL2032',
    message: 'line {line} of {path} names no class',
    label: 'a file of labels',
    help: 'write one name a line, without empty lines',
  }),
  perChannel: error({
    code: 'NL2033',
    message: 'preprocess: {count} values of `{key}` for {channels} channels',
    label: '{count} values',
    help: 'write one value for each channel, in the order of `channels`',
  }),
  notAnImage: error({
    code: 'NL2034',
    message: 'preprocess makes an image of 1 or 3 channels, but the input is {shape}',
    label: 'cannot make {shape}',
  }),
  imageDoesNotFit: error({
    code: 'NL2035',
    message: 'preprocess: {resized} does not become {height}x{width}',
    label: '{problem}',
  }),
  missingLayers: error({
    code: 'NL2036',
    message: '{where} has no layers',
    label: 'nothing to compute',
    help: 'name them below `layers:`, each with its `op`',
  }),
  unusedIgnore: warning({
    code: 'NL2038',
    message: 'there is no {code} on this line to ignore',
    label: 'ignores nothing',
    help: 'remove it',
  }),
  badIgnore: warning({
    code: 'NL2039',
    message: 'this ignores nothing: {problem}',
    label: 'not an ignore',
    help: 'write `# netloom-ignore NL3010: why it is right here`, on the line it is about',
  }),
  unusedParam: warning({
    code: 'NL2040',
    message: 'nothing uses the param `{name}`',
    label: 'in no expression',
    help: 'use it, or remove it',
  }),
  unusedBlock: warning({
    code: 'NL2041',
    message: 'no layer uses the block `{name}`',
    label: 'stands nowhere in the network',
    help: 'write `use: {name}` in a layer, or remove it',
  }),
  unknownBlock: error({
    code: 'NL2042',
    message: '{layer}: there is no block `{block}`',
    label: 'unknown block',
  }),
  opAndUse: error({
    code: 'NL2043',
    message: '{layer} is an operator and a block at once',
    label: 'the operator',
    help: 'a layer has either `op` or `use`',
  }),
  blockCycle: error({
    code: 'NL2044',
    message: 'the block {name} uses itself: {path}',
    label: 'would never end',
  }),
  tooManyLayers: error({
    code: 'NL2045',
    message: '{layer}: the blocks make more than {limit} layers',
    label: 'the first one too many',
  }),
  baseNotFound: error({
    code: 'NL2046',
    message: 'there is no spec {path} to build on',
    label: 'not found',
    help: 'the path starts at the folder of this file',
  }),
  outsideProject: error({
    code: 'NL2047',
    message: '{path} lies outside the project',
    label: 'leads out of it',
    help: 'copy the file into the project: the nearest folder upwards with `.git`, else the one that the spec is in',
  }),
  extendsItself: error({
    code: 'NL2048',
    message: 'the spec is built on itself: {path}',
    label: 'leads back to {name}',
  }),
  nothingToChange: error({
    code: 'NL2049',
    message: '{where} has no layer `{name}` to {change}',
    label: 'not in it',
  }),
  nothingToRemove: error({
    code: 'NL2050',
    message: '{where} has no `{key}` to remove',
    label: 'removes nothing',
  }),
  newLayerNowhere: error({
    code: 'NL2051',
    message: '{layer} is new, and does not say where it goes',
    label: 'not in {where}',
  }),
  placedTwice: error({
    code: 'NL2052',
    message: '{layer} cannot go both after {after} and before {before}',
    label: 'one place too many',
    help: 'write only one of them',
  }),
  placeOfInherited: error({
    code: 'NL2053',
    message: '{layer} has its place in {where} already',
    label: 'only a new layer says where it goes',
    help: 'to move it, remove it (`{layer}: null`) and add it under another name',
  }),
  expectTwice: error({
    code: 'NL2054',
    message: '{layer}: its last layer {last} has an `expect` already',
    label: 'a second one for the same value',
    help: 'keep one of them',
  }),
  paramsTooDeep: error({
    code: 'NL2055',
    message: 'the param `{name}` stands behind {limit} others that need each other',
    label: 'one too many',
    help: 'params that share one value can each be worked out from it',
  }),

  windowTooLarge: error({
    code: 'NL3001',
    message: '{layer}: a window of {span} {axis}s does not fit {room}',
    label: 'spans {span} {axis}s',
  }),
  notWhole: error({
    code: 'NL3002',
    message: '{layer}: the windows do not come out even: {arithmetic}',
    label: '`exact` allows no rest, and {rest} {axis} {are} left over',
  }),
  padOverHalf: error({
    code: 'NL3003',
    message: '{layer}: a padding of {pad} {axis}s is more than half of a window of {kernel}',
    label: 'some windows would see nothing but padding',
    help: 'pad by at most {most}',
  }),
  groupsDoNotDivide: error({
    code: 'NL3004',
    message: '{layer}: {groups} groups cannot share {filters} filters evenly',
    label: '{filters} / {groups} leaves {rest} over',
  }),
  windowWithoutInput: error({
    code: 'NL3005',
    message: '{layer}: the last window would start at {axis} {start}, past the {size} {axis}s of its input',
    label: '`caffe` adds this window, and without padding nothing takes it back',
  }),
  evenNorm: error({
    code: 'NL3006',
    message: '{layer}: a size of {size} channels has no middle',
    label: 'must be odd',
    help: 'write `size: {less}` or `size: {more}`; frameworks put the extra channel of an even size on different sides',
  }),
  inChannels: error({
    code: 'NL3007',
    message: '{layer}: `in_channels` is {written}, but {arrived} channels arrive from {from}',
    label: '{from} gives {shape}',
  }),
  inFeatures: error({
    code: 'NL3008',
    message: '{layer}: `in_features` is {written}, but {arrived} values arrive from {from}',
    label: '{from} gives {sum}',
  }),
  expectFails: error({
    code: 'NL3009',
    message: '{layer} gives {actual}, not the expected {expected}',
    label: '{because}',
  }),
  unreadPixels: warning({
    code: 'NL3010',
    message: '{layer}: no window reads {which} of {from}',
    label: '{arithmetic}',
  }),
  needsPicture: error({
    code: 'NL3011',
    message: '{layer}: {op} needs a picture (HxWxC), but {from} gives a vector of {length}',
    label: 'has no rows and columns to slide over',
  }),
  addUnequal: error({
    code: 'NL3012',
    message: '{layer}: cannot add {shapes}',
    label: 'needs equal shapes',
  }),
  addAlone: error({
    code: 'NL3013',
    message: '{layer}: adding takes two or more inputs, not {count}',
    label: 'is given {from} only',
    help: 'name them: `from: [{from}, other]`',
  }),
  concatUnequal: error({
    code: 'NL3014',
    message: '{layer}: cannot join {shapes}',
    label: 'joins channels, so heights and widths must be equal',
  }),
  concatMixed: error({
    code: 'NL3015',
    message: '{layer}: cannot join pictures and vectors: {shapes}',
    label: 'joins pictures of one size, or vectors',
    help: 'put `op: flatten` after {picture} to make it a vector',
  }),
  tooManyValues: error({
    code: 'NL3016',
    message: '{layer}: {shape} are {count} values for one image',
    label: 'more than the {limit} that a shader can count',
  }),
  tooManyWeights: error({
    code: 'NL3017',
    message: '{layer}: {tensor} would hold {shape} = {count} numbers',
    label: 'more than the {limit} that a shader can count',
  }),
  groupsDoNotDivideInput: error({
    code: 'NL3018',
    message: '{layer}: {groups} groups cannot share the {channels} channels of {from} evenly',
    label: '{channels} / {groups} leaves {rest} over',
  }),

  labelsDoNotFit: error({
    code: 'NL3019',
    message: '{name} names {labels} classes, but {layer} gives {count} scores',
    label: '{labels} names',
  }),

  outputWithoutExpect: warning({
    code: 'NL3020',
    message: '{layer} is an output, and no `expect` says what it must be',
    label: 'gives {shape}',
    help: 'write `expect: {shape}`: whatever changes it by mistake is then found',
  }),
  strideOverWindow: warning({
    code: 'NL3021',
    message: '{layer}: a stride of {stride} leaves gaps between windows of {span}',
    label: '{loss}',
  }),
  lateDropout: warning({
    code: 'NL3022',
    message: '{layer}: no layer with weights follows this dropout',
    label: 'drops parts of the result',
    help: 'put it before the last layer with weights, or remove it',
  }),
  biasBeforeNorm: warning({
    code: 'NL3023',
    message: '{layer}: its bias is taken away again by {norm}',
    label: '{count} biases without effect',
    help: 'write `bias: false` in {layer}: {norm} has a bias of its own',
  }),
  activationTwice: warning({
    code: 'NL3024',
    message: '{layer}: {op} comes right after {op}',
    label: 'the second one in a row',
    help: 'remove one of them',
  }),
  normMakesNaN: warning({
    code: 'NL3025',
    message: '{layer} gives NaN where {where}',
    label: '{why}',
  }),
  channelsFirst: warning({
    code: 'NL3026',
    message: '{input} is read as {height} rows and {width} columns of {channels} channels',
    label: 'looks like channels x height x width',
    help: 'a picture is height x width x channels: write `{turned}`',
  }),

  valueTooLarge: error({
    code: 'NL4001',
    message: '{layer} takes {bytes} bytes for one image, and a buffer of {target} devices holds {limit}',
    label: '{shape} values of 4 bytes{lying}',
  }),
  rowTooLarge: error({
    code: 'NL4002',
    message: '{layer}: 64 rows of its weights take {bytes} bytes, and a buffer of {target} devices holds {limit}',
    label: 'each of its outputs reads {inputs} values',
    help: 'let at most {most} values reach it: pool the picture before it',
  }),
  weightTooLarge: error({
    code: 'NL4003',
    message: '{layer}: its weights take {bytes} bytes, and a buffer of {target} devices holds {limit}',
    label: '{count} numbers{packing}; a convolution is not split',
    help: 'use at most {most} filters, a smaller kernel or more groups',
  }),
  tooManyBuffers: error({
    code: 'NL4004',
    message: '{layer} reads {count} values at once, and a kernel of {target} devices binds {limit} buffers',
    label: 'needs a buffer for each, and one for what it makes',
    help: 'add at most {most} values in a layer, and their sums in another',
  }),
  weightsInParts: note({
    code: 'NL4005',
    message: '{layer}: its weights are bound in {parts} parts',
    label: '{bytes} bytes, and a buffer of {target} devices holds {limit}',
  }),
  batchInParts: note({
    code: 'NL4006',
    message: 'batches of more than {images} images are run in parts',
    label: '{because}',
  }),

  contractFails: error({
    code: 'NL5001',
    message: '`{contract}` does not hold: {because}',
    label: '{difference}',
  }),
  noContract: error({
    code: 'NL5002',
    message: '`{contract}` is {found}, not a condition',
    label: 'holds or fails for nobody',
    help: 'compare it with something, as in `macs < 725M`',
  }),
};
