// Why each diagnostic is one, with a spec that gets it and one that does not: what `netloom explain` prints and CODES.md
// holds. Tests check every example. Of a spec only the keys that matter are shown.

import { catalog, type Entry } from './catalog.ts';
import type { Severity } from './diagnostic.ts';

export interface Explanation {
  /** Why it is told at all: what would happen otherwise, or what is meant instead. */
  readonly reason: string;
  /** Lines that get the diagnostic. */
  readonly wrong: readonly string[];
  /** The same, mended. */
  readonly right: readonly string[];
  /** What the lines are: part of a spec, the whole of one, or something typed into a shell. */
  readonly kind?: 'whole' | 'shell';
  /** What the spec must be checked for, with `--target`. */
  readonly target?: string;
}

/** What stands above the examples: of a note none is wrong. */
export function exampleTitles(severity: Severity, { target }: Pick<Explanation, 'target'> = {}): { readonly wrong: string; readonly right: string } {
  const [wrong, right] = severity === 'note' ? ['Gets it', 'Does not'] : ['Wrong', 'Right'];
  return { wrong: target === undefined ? wrong : `${wrong}, with --target ${target}`, right };
}

type Law = keyof typeof catalog;

const whole = ['netloom: 1', 'name: small', 'input: { image: 8x8x3 }', 'layers: { fc: { op: dense, units: 10 } }'];

const explanations: Readonly<Record<Law, Explanation>> = {
  cannotRead: {
    reason: 'The file is not there, or may not be read. Nothing can be said about a spec that nobody can open.',
    kind: 'shell',
    wrong: ['netloom check specs/alexnt.yaml'],
    right: ['netloom check specs/alexnet.yaml'],
  },
  emptyFile: {
    reason: 'An empty file, or one of comments only, describes no network. As a rule it was saved too early, or is the wrong one.',
    kind: 'whole',
    wrong: ['# to be written'],
    right: whole,
  },
  fileTooLarge: {
    reason: 'A spec of ten thousand layers has a megabyte. What is larger is as a rule something else: weights, or a log.',
    kind: 'shell',
    wrong: ['netloom check weights.safetensors'],
    right: ['netloom check specs/alexnet.yaml'],
  },
  notText: {
    reason: 'A spec is text. A control character that no text holds says that the file is a program, a picture or weights.',
    kind: 'shell',
    wrong: ['netloom check cat.jpg'],
    right: ['netloom check specs/alexnet.yaml'],
  },
  notUtf8: {
    reason: 'YAML is UTF-8. Bytes of another encoding become other letters on another machine, and names no longer match.',
    kind: 'shell',
    wrong: ['iconv -t latin1 spec.yaml > old.yaml && netloom check old.yaml'],
    right: ['iconv -f latin1 -t utf8 old.yaml > spec.yaml && netloom check spec.yaml'],
  },
  nestedTooDeeply: {
    reason: 'A spec nests six levels deep, and with blocks a few more. A text that nests hundreds of levels was made to exhaust its reader.',
    wrong: [`train: { augment: ${'['.repeat(70)}1${']'.repeat(70)} }`],
    right: ['train: { augment: { flip: true } }'],
  },
  aliasesTooMany: {
    reason: 'An alias stands for all that its anchor holds. Aliases of lists of aliases grow by a factor with every line, until no memory holds them.',
    wrong: [
      'a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]',
      ...['b', 'c', 'd', 'e', 'f', 'g'].map((name, at) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdef'.charAt(at)}`).join(', ')}]`),
    ],
    right: ['train: { augment: { scale: [256, 480] } }'],
  },
  duplicateKey: {
    reason: 'Of two entries with one name a reader could keep only one, and would not say which. The same holds where a block makes a layer of a name that is taken.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  conv1: { op: conv, filters: 16, kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  conv2: { op: conv, filters: 16, kernel: 3 }'],
  },
  mergeKey: {
    reason: 'Merge keys were dropped from YAML 1.2, and readers differ in what they make of them. Blocks share layers within a spec, `extends` shares a whole one.',
    wrong: ['layers:', '  conv1: &conv { op: conv, filters: 8, kernel: 3 }', '  conv2: { <<: *conv, filters: 16 }'],
    right: ['blocks:', '  unit: { params: { filters: 8 }, layers: { conv: { op: conv, filters: = filters, kernel: 3 } } }', 'layers:', '  conv1: { use: unit }', '  conv2: { use: unit, filters: 16 }'],
  },
  severalDocuments: {
    reason: 'A file is one spec. Of a second document behind `---` nobody would know whether it was read.',
    kind: 'whole',
    wrong: [...whole, '---', 'netloom: 1'],
    right: whole,
  },
  tabIndent: {
    reason: 'YAML indents with blanks only: how wide a tab is depends on who looks at it.',
    wrong: ['layers:', '\tconv1: { op: conv, filters: 8, kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },
  badIndent: {
    reason: 'How far a line is indented says which map it belongs to. A line between two levels belongs to none.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', ' conv2: { op: conv, filters: 8, kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  conv2: { op: conv, filters: 8, kernel: 3 }'],
  },
  unclosedBracket: {
    reason: 'All that follows an open brace is taken for part of it, so everything after it would be told to be wrong.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3', '  conv2: { op: conv, filters: 8, kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  conv2: { op: conv, filters: 8, kernel: 3 }'],
  },
  unclosedQuote: {
    reason: 'All that follows an open quote is text, up to the next quote, however far away that is.',
    wrong: ['summary: "Two convolutions'],
    right: ['summary: "Two convolutions"'],
  },
  unexpectedText: {
    reason: 'What stands here fits nowhere into what was begun. Often a brace was closed twice, or a dash begins a list where a map is.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }}'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },
  nestedOnOneLine: {
    reason: 'A second colon on a line would begin a map inside the first one, which YAML allows on a line of its own only. In text a colon wants quotes.',
    wrong: ['summary: AlexNet: two towers'],
    right: ['summary: "AlexNet: two towers"'],
  },
  missingColon: {
    reason: 'Without a colon, and a blank behind it, a word is no key, and the line is text that belongs to what stands above it.',
    wrong: ['layers:', '  conv1: { op: conv, filters:8, kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },
  bareComma: {
    reason: 'Inside braces and brackets a comma ends the entry, also within parentheses: `normal(0, 0.01)` falls apart into `normal(0` and `0.01)`.',
    wrong: ['train: { init: { weight: normal(0, 0.01) } }'],
    right: ['train: { init: { weight: "normal(0, 0.01)" } }'],
  },
  bareQuestionMark: {
    reason: 'A question mark on its own is YAML’s sign for a key that is a whole map. For “any size” it has to be quoted, or be part of a shape.',
    wrong: ['layers:', '  fc: { op: dense, units: 10, expect: ? }'],
    right: ['layers:', '  fc: { op: dense, units: 10, expect: "?" }'],
  },
  reservedCharacter: {
    reason: 'YAML keeps `@`, a backtick and a few others for later, so no plain text may begin with them.',
    wrong: ['summary: @home'],
    right: ['summary: "@home"'],
  },
  badEscape: {
    reason: 'In double quotes a backslash and the letter behind it stand for another character. In single quotes a backslash is a backslash.',
    wrong: ['labels: "lists\\classes.txt"'],
    right: ["summary: 'lists\\classes.txt'"],
  },
  unknownAlias: {
    reason: 'An alias stands for what an anchor of its name holds, and that anchor must be written above it.',
    wrong: ['layers:', '  conv1: &conv { op: conv, filters: 8, kernel: 3 }', '  conv2: *cnv'],
    right: ['layers:', '  conv1: &conv { op: conv, filters: 8, kernel: 3 }', '  conv2: *conv'],
  },
  aliasOfItself: {
    reason: 'A value that holds itself has no end.',
    wrong: ['train: &train { augment: *train }'],
    right: ['train: { augment: { flip: true } }'],
  },
  tag: {
    reason: 'A tag (`!name`) asks a program to make something of a value. Nothing in a spec needs one: what a value is follows from its key.',
    wrong: ['layers:', '  conv1: { op: conv, filters: !int 8, kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },
  keyNotText: {
    reason: 'YAML lets a list or a map be a key. In a spec every key is a word or a name.',
    wrong: ['params:', '  [wide, deep]: 8'],
    right: ['params:', '  wide: 8', '  deep: 8'],
  },
  notYaml: {
    reason: 'The text breaks a rule of YAML that has no message of its own here. What stands before this place was read.',
    wrong: ['layers:', '  conv1: &a &b { op: conv, filters: 8, kernel: 3 }'],
    right: ['layers:', '  conv1: &a { op: conv, filters: 8, kernel: 3 }'],
  },
  missingComma: {
    reason: 'Without a comma the next key is taken for part of the value before it.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8 kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },

  unknownKey: {
    reason: 'A key that nobody reads changes nothing. Were it passed over, a misspelt `stride` would leave the stride at 1, and every number after it would be another one.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, strid: 2 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, stride: 2 }'],
  },
  keyOfAnotherOperator: {
    reason: 'The word is right, but this operator has no such key: as a rule the operator, or the line, is the wrong one.',
    wrong: ['layers:', '  fc: { op: dense, units: 10, kernel: 3 }'],
    right: ['layers:', '  fc: { op: dense, units: 10 }'],
  },
  missingKey: {
    reason: 'This key has no default, since no value would be right for most. The two formulas of `lrn`, for instance, differ by a factor of 5, so the author says which.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },
  wrongValue: {
    reason: 'The key takes values of another kind. Nothing is converted silently: `"8 filters"` is not 8.',
    wrong: ['layers:', '  conv1: { op: conv, filters: -8, kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },
  unknownOperator: {
    reason: 'Only the operators that `netloom explain` knows can be compiled. Other frameworks have other words for many of them.',
    wrong: ['layers:', '  fc: { op: linear, units: 10 }'],
    right: ['layers:', '  fc: { op: dense, units: 10 }'],
  },
  unknownWord: {
    reason: 'The key takes one of a few words, and this is none of them.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, activation: rleu }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, activation: relu }'],
  },
  unknownVersion: {
    reason: '`netloom: 1` says which version of the language a spec is written in, so that a later one may mean something else by the same words.',
    wrong: ['netloom: 2'],
    right: ['netloom: 1'],
  },
  badName: {
    reason: 'Names become those of shaders, tensors and files, and stand in expressions, where a blank or a sign would end them. Some words mean something in an expression or beside `use` already.',
    wrong: ['layers:', '  1st: { op: conv, filters: 8, kernel: 3 }'],
    right: ['layers:', '  first: { op: conv, filters: 8, kernel: 3 }'],
  },
  unknownLayer: {
    reason: 'A name must be that of a layer, or of the input. Inside a block only the block’s own layers and `input` are known, so that it means the same wherever it is used.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  pool1: { op: maxpool, kernel: 2, from: cnv1 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  pool1: { op: maxpool, kernel: 2, from: conv1 }'],
  },
  laterLayer: {
    reason: 'Layers are computed in the order they are written, so a layer can read only what stands above it.',
    wrong: ['layers:', '  sum: { op: add, from: [image, side] }', '  side: { op: relu, from: image }'],
    right: ['layers:', '  side: { op: relu, from: image }', '  sum: { op: add, from: [image, side] }'],
  },
  readsItself: {
    reason: 'A layer’s output does not exist while it is being computed.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, from: conv1 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, from: image }'],
  },
  cycle: {
    reason: 'Each of these layers waits for the next. A network is computed once from input to output, so no value may depend on itself.',
    wrong: ['layers:', '  a: { op: relu, from: b }', '  b: { op: relu, from: a }'],
    right: ['layers:', '  a: { op: relu, from: image }', '  b: { op: sigmoid, from: a }'],
  },
  namedAsInput: {
    reason: 'The name stands for the input already: in a block that is `input`, in the spec what `input:` calls it.',
    wrong: ['layers:', '  image: { op: relu }'],
    right: ['layers:', '  relu1: { op: relu }'],
  },
  outputTwice: {
    reason: 'An output is found by its name, so the second one could not be told from the first.',
    wrong: ['layers: { fc: { op: dense, units: 10 } }', 'outputs: [fc, fc]'],
    right: ['layers: { fc: { op: dense, units: 10 } }', 'outputs: [fc]'],
  },
  inputAsOutput: {
    reason: 'Who runs the network has the input already, and no layer computes it.',
    wrong: ['layers: { fc: { op: dense, units: 10 } }', 'outputs: [image]'],
    right: ['layers: { fc: { op: dense, units: 10 } }', 'outputs: [fc]'],
  },
  tooManyInputs: {
    reason: 'Only `add` and `concat` take several inputs. For others it would have to be guessed how they are joined.',
    wrong: ['layers:', '  a: { op: relu }', '  b: { op: conv, filters: 8, kernel: 3, from: [a, image] }'],
    right: ['layers:', '  a: { op: relu }', '  both: { op: concat, from: [a, image] }', '  b: { op: conv, filters: 8, kernel: 3 }'],
  },
  noInputNamed: {
    reason: 'An empty list says that a layer reads nothing. Left out, `from` means the layer above.',
    wrong: ['layers:', '  a: { op: relu, from: [] }'],
    right: ['layers:', '  a: { op: relu }'],
  },
  unreadLayer: {
    reason: 'What it computes goes nowhere. Often a `from` names another layer than was meant, or the layer was added and never joined.',
    wrong: ['layers:', '  left: { op: conv, filters: 8, kernel: 1 }', '  right: { op: conv, filters: 8, kernel: 1, from: image }', '  sum: { op: add, from: [right, right] }'],
    right: ['layers:', '  left: { op: conv, filters: 8, kernel: 1 }', '  right: { op: conv, filters: 8, kernel: 1, from: image }', '  sum: { op: add, from: [left, right] }'],
  },
  severalInputs: {
    reason: 'A network of this language reads one tensor. A variant that renames its base’s input has to remove the old one (`image: null`).',
    wrong: ['input: { image: 32x32x16, mask: 32x32x1 }'],
    right: ['input: { image: 32x32x16 }'],
  },
  badShape: {
    reason: 'A shape is height x width x channels, or one number for a vector. The batch is no part of it: it is chosen when the network runs.',
    wrong: ['input: { image: 1x32x32x16 }'],
    right: ['input: { image: 32x32x16 }'],
  },
  unknownParam: {
    reason: 'An expression may use the params of the spec, in a block those of the block too, and in `check:` the network’s amounts.',
    wrong: ['params: { width: 8 }', 'layers:', '  conv1: { op: conv, filters: = widht, kernel: 3 }'],
    right: ['params: { width: 8 }', 'layers:', '  conv1: { op: conv, filters: = width, kernel: 3 }'],
  },
  unknownOverride: {
    reason: '`--set` gives a param another value. It cannot add one, since nothing would use it.',
    kind: 'shell',
    wrong: ['netloom check specs/alexnet.yaml --set clases=10'],
    right: ['netloom check specs/alexnet.yaml --set classes=10'],
  },
  badExpression: {
    reason: 'After `=` stands arithmetic: numbers, params, `+ - * / // % **`, comparisons, `and or not`, and a few functions.',
    wrong: ['layers:', '  conv1: { op: conv, filters: = 4 * , kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: = 4 * 2, kernel: 3 }'],
  },
  divisionByZero: {
    reason: 'There is no such number. With params it may be right for some values and wrong for this one.',
    wrong: ['params: { parts: 0 }', 'layers:', '  conv1: { op: conv, filters: = 8 / parts, kernel: 3 }'],
    right: ['params: { parts: 2 }', 'layers:', '  conv1: { op: conv, filters: = 8 / parts, kernel: 3 }'],
  },
  overflow: {
    reason: 'Beyond 2^53 neighbouring whole numbers look alike, and a count would silently be another one.',
    wrong: ['params: { huge: = 2 ** 60 }'],
    right: ['params: { large: = 2 ** 10 }', 'layers:', '  fc: { op: dense, units: = large }'],
  },
  paramCycle: {
    reason: 'Params may use each other in any order, as long as one of them has a value of its own.',
    wrong: ['params: { a: = b + 1, b: = a - 1 }'],
    right: ['params: { a: = b + 1, b: 7 }', 'layers:', '  conv1: { op: conv, filters: = a, kernel: 3 }'],
  },
  fractionForCount: {
    reason: 'Half a filter is none. Whether 10.67 should be 10 or 11 is for the author to say.',
    wrong: ['params: { width: 32 }', 'layers:', '  conv1: { op: conv, filters: = width / 3, kernel: 3 }'],
    right: ['params: { width: 32 }', 'layers:', '  conv1: { op: conv, filters: = width // 3, kernel: 3 }'],
  },
  wrongArguments: {
    reason: 'The function takes another number of arguments. `round(x, multiple)` and `if(condition, then, else)` are the ones that are mistaken most.',
    wrong: ['layers:', '  conv1: { op: conv, filters: "= floor(8, 2)", kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: "= round(8, 2)", kernel: 3 }'],
  },
  unknownFunction: {
    reason: 'The functions are if, min, max, round, floor and ceil; `check:` has shape and parameters too, since only it knows what becomes of a layer.',
    wrong: ['layers:', '  conv1: { op: conv, filters: = ceiling(7.5), kernel: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: = ceil(7.5), kernel: 3 }'],
  },
  wrongOperand: {
    reason: 'Numbers, conditions and shapes are different things: none is taken for another, as 0 is for false elsewhere.',
    wrong: ['params: { deep: 1 }', 'layers:', '  conv1: { op: conv, filters: "= if(deep, 8, 4)", kernel: 3 }'],
    right: ['params: { deep: 1 }', 'layers:', '  conv1: { op: conv, filters: "= if(deep == 1, 8, 4)", kernel: 3 }'],
  },
  labelsNotFound: {
    reason: 'The names of the classes are a list that is built in, or a text file beside the spec.',
    wrong: ['labels: imagenet'],
    right: ['layers: { fc: { op: dense, units: 1000 } }', 'labels: imagenet-1k'],
  },
  emptyLabel: {
    reason: 'A line stands for a class by its number. An empty one would leave a class without a name, or shift all that follow.',
    kind: 'shell',
    wrong: ["printf 'cat\\n\\ndog\\n' > names.txt"],
    right: ["printf 'cat\\ndog\\n' > names.txt"],
  },
  perChannel: {
    reason: 'Each channel has its own mean and deviation. One value for all would be right for a grey picture only.',
    wrong: ['input: { image: 32x32x3 }', 'preprocess: { resize: 32x32, mean: [120, 115] }'],
    right: ['input: { image: 32x32x3 }', 'preprocess: { resize: 32x32, mean: [120, 115, 100] }'],
  },
  notAnImage: {
    reason: '`preprocess` turns a picture file into the input, and picture files have one channel or three.',
    wrong: ['input: { image: 32x32x16 }', 'preprocess: { resize: 32x32 }'],
    right: ['input: { image: 32x32x3 }', 'preprocess: { resize: 32x32 }'],
  },
  imageDoesNotFit: {
    reason: 'One number resizes the shorter side, and then only a crop makes the other one fit. What is smaller than the input cannot be cropped to it.',
    wrong: ['input: { image: 32x32x3 }', 'preprocess: { resize: 40 }'],
    right: ['input: { image: 32x32x3 }', 'preprocess: { resize: 40, crop: center }'],
  },
  missingLayers: {
    reason: 'Without layers there is nothing to compute.',
    wrong: ['layers: {}'],
    right: ['layers: { fc: { op: dense, units: 10 } }'],
  },
  unusedIgnore: {
    reason: 'The warning it was written for is gone, or on another line. Left behind it would hide the next one.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 } # netloom-ignore NL3010: the border is black'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }'],
  },
  badIgnore: {
    reason: 'An ignored warning is a decision, and whoever reads it next has to judge it: it names the code and gives a reason. Errors cannot be ignored, since no program can be made of them.',
    wrong: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2 } # netloom-ignore NL3010'],
    right: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2 } # netloom-ignore NL3010: the border is black'],
  },
  unusedParam: {
    reason: '`--set` would change it and nothing would happen. Often an expression names another param than was meant.',
    wrong: ['params: { width: 8, depth: 3 }', 'layers:', '  conv1: { op: conv, filters: = width, kernel: 3 }'],
    right: ['params: { width: 8 }', 'layers:', '  conv1: { op: conv, filters: = width, kernel: 3 }'],
  },
  unusedBlock: {
    reason: 'A block by itself is no layer: it stands in the network only where a layer uses it.',
    wrong: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 } } }'],
    right: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 } } }', 'layers:', '  first: { use: unit }'],
  },
  unknownBlock: {
    reason: '`use` names a block of this spec, or of its base. For an operator it is `op`.',
    wrong: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 } } }', 'layers:', '  first: { use: unti }'],
    right: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 } } }', 'layers:', '  first: { use: unit }'],
  },
  opAndUse: {
    reason: 'A layer is one operator, or all the layers of a block. Which of the two was meant nobody can know.',
    wrong: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 } } }', 'layers:', '  first: { use: unit, op: relu }'],
    right: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 } } }', 'layers:', '  first: { use: unit }', '  relu1: { op: relu }'],
  },
  blockCycle: {
    reason: 'Each use writes the block’s layers out, and these would have to be written out again, without end. `repeat` puts several of a block one after the other.',
    wrong: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 }, again: { use: unit } } }', 'layers:', '  first: { use: unit }'],
    right: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 3 } } }', 'layers:', '  first: { use: unit, repeat: 2 }'],
  },
  tooManyLayers: {
    reason: 'Blocks that use blocks, and `repeat`, multiply. Beyond this limit a network would take longer to check than anyone waits, and is as a rule a mistake in a number.',
    wrong: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 1 } } }', 'layers:', '  all: { use: unit, repeat: 30k }'],
    right: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 1 } } }', 'layers:', '  all: { use: unit, repeat: 30 }'],
  },
  baseNotFound: {
    reason: 'The path starts at the folder of the file that names it, not at the one where the command was called.',
    wrong: ['extends: alexnt.yaml'],
    right: ['extends: alexnet.yaml'],
  },
  outsideProject: {
    reason: 'A spec from elsewhere shall not read what it likes: it reads files of its own project only, whose root is the nearest folder upwards with `.git`, else the folder of the spec.',
    wrong: ['extends: /etc/alexnet.yaml'],
    right: ['extends: alexnet.yaml'],
  },
  extendsItself: {
    reason: 'Each spec of the circle waits for the next one, so none of them is ever whole.',
    kind: 'shell',
    wrong: ["printf 'netloom: 1\\nname: a\\nextends: a.yaml\\n' > a.yaml"],
    right: ["printf 'netloom: 1\\nname: a\\nextends: alexnet.yaml\\n' > a.yaml"],
  },
  nothingToChange: {
    reason: 'A variant changes layers that its base has. A misspelt name would change nothing, and the base’s layer would stay as it is.',
    wrong: ['extends: alexnet.yaml', 'layers:', '  nrom1: null'],
    right: ['extends: alexnet.yaml', 'layers:', '  norm1: null'],
  },
  nothingToRemove: {
    reason: '`null` removes what the base has. Where it has no such key, another one was meant, or the base has changed.',
    wrong: ['extends: alexnet.yaml', 'layers:', '  conv3: { expect: null }'],
    right: ['extends: alexnet.yaml', 'layers:', '  conv1: { expect: null }'],
  },
  newLayerNowhere: {
    reason: 'Order is the data flow, and a variant’s layers are written apart from those of its base: a new one says which layer it follows (`after`) or precedes (`before`).',
    wrong: ['extends: alexnet.yaml', 'layers:', '  bn5: { op: batchnorm }'],
    right: ['extends: alexnet.yaml', 'layers:', '  bn5: { op: batchnorm, after: conv5 }'],
  },
  placedTwice: {
    reason: 'The two places may be far apart, and even where they are the same now, a change of the base may part them.',
    wrong: ['extends: alexnet.yaml', 'layers:', '  bn5: { op: batchnorm, after: conv5, before: pool5 }'],
    right: ['extends: alexnet.yaml', 'layers:', '  bn5: { op: batchnorm, after: conv5 }'],
  },
  placeOfInherited: {
    reason: 'A layer of the base is changed where it stands. Moved, it would be another network under the same names.',
    wrong: ['extends: alexnet.yaml', 'layers:', '  norm1: { after: pool1 }'],
    right: ['extends: alexnet.yaml', 'layers:', '  norm1: null', '  late_norm1: { op: batchnorm, after: pool1 }'],
  },
  expectTwice: {
    reason: 'The `expect` beside `use` is about the last layer of the block, and that one has one of its own: one of the two would not be read.',
    wrong: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 1, expect: ?x?x8 } } }', 'layers:', '  first: { use: unit, expect: 32x32x8 }'],
    right: ['blocks:', '  unit: { layers: { conv: { op: conv, filters: 8, kernel: 1 } } }', 'layers:', '  first: { use: unit, expect: 32x32x8 }'],
  },
  paramsTooDeep: {
    reason: 'Each param that needs another one waits for it. Hundreds of them in a row are as a rule made by a program, which could have written the numbers.',
    kind: 'shell',
    wrong: ['for i in $(seq 300); do echo "  p$i: = p$((i - 1))"; done >> params.yaml'],
    right: ['for i in $(seq 300); do echo "  p$i: $((8 + i))"; done >> params.yaml'],
  },

  windowTooLarge: {
    reason: 'No window fits, so nothing would come out. As a rule too much was pooled away before, or the input is smaller than the network was made for.',
    wrong: ['layers:', '  pool1: { op: maxpool, kernel: 8 }', '  conv2: { op: conv, filters: 8, kernel: 5 }'],
    right: ['layers:', '  pool1: { op: maxpool, kernel: 4 }', '  conv2: { op: conv, filters: 8, kernel: 5 }'],
  },
  notWhole: {
    reason: '`rounding: exact` promises that the windows cover the input and nothing is left over. Here something is.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, stride: 2, rounding: exact }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 4, stride: 2, rounding: exact }'],
  },
  padOverHalf: {
    reason: 'With more padding than half a window some windows of a pool lie in padding alone: their maximum does not exist, and their mean is 0 for no reason.',
    wrong: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2, pad: 2 }'],
    right: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2, pad: 1 }'],
  },
  groupsDoNotDivide: {
    reason: 'Each group makes its own share of the filters, all of one size.',
    wrong: ['layers:', '  conv2: { op: conv, filters: 256, kernel: 3, groups: 3 }'],
    right: ['layers:', '  conv2: { op: conv, filters: 256, kernel: 3, groups: 4 }'],
  },
  windowWithoutInput: {
    reason: '`caffe` adds a window where a rest is left, as Caffe’s pools do, and takes it back only where there is padding. With a stride wider than the kernel it would lie past the input.',
    wrong: ['input: { image: 7x7x16 }', 'layers:', '  pool1: { op: maxpool, kernel: 1, stride: 4, rounding: caffe }'],
    right: ['input: { image: 7x7x16 }', 'layers:', '  pool1: { op: maxpool, kernel: 1, stride: 4, rounding: floor }'],
  },
  evenNorm: {
    reason: 'The window over channels lies around a middle one. An even size has none, and frameworks put the extra channel on different sides.',
    wrong: ['layers:', '  norm1: { op: lrn, size: 4, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }'],
    right: ['layers:', '  norm1: { op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }'],
  },
  inChannels: {
    reason: '`in_channels` is what the author took for granted. The layers before it give something else, so one of the two is wrong.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, in_channels: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, in_channels: 16 }'],
  },
  inFeatures: {
    reason: '`in_features` is what the author took for granted, and what published weights need. As a rule a padding or a rounding far above makes the difference: the chain of layers shows where.',
    wrong: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2 }', '  fc: { op: dense, units: 10, in_features: 4096 }'],
    right: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2, rounding: ceil }', '  fc: { op: dense, units: 10, in_features: 4096 }'],
  },
  expectFails: {
    reason: '`expect` says what must come out, and something else does. Layers behind it are judged both ways, so that only what is wrong in either is told.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, expect: 32x32x8 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, pad: 1, expect: 32x32x8 }'],
  },
  unreadPixels: {
    reason: 'Part of the picture has no influence on the result. Frameworks round down silently here; where it is meant, `# netloom-ignore NL3010: why` says so.',
    wrong: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2 }'],
    right: ['layers:', '  pool1: { op: maxpool, kernel: 3, stride: 2, rounding: ceil }'],
  },
  needsPicture: {
    reason: 'The operator slides over rows and columns, and a vector has none. A `dense` or `flatten` before it made one of the picture.',
    wrong: ['layers:', '  fc: { op: dense, units: 10 }', '  pool: { op: maxpool, kernel: 2 }'],
    right: ['layers:', '  pool: { op: maxpool, kernel: 2 }', '  fc: { op: dense, units: 10 }'],
  },
  addUnequal: {
    reason: 'Values are added one to one, and nothing is stretched to fit.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 16, kernel: 3 }', '  sum: { op: add, from: [conv1, image] }'],
    right: ['layers:', '  conv1: { op: conv, filters: 16, kernel: 3, pad: 1 }', '  sum: { op: add, from: [conv1, image] }'],
  },
  addAlone: {
    reason: 'The sum of one value is that value. As a rule the second name is missing.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 16, kernel: 3, pad: 1 }', '  sum: { op: add }'],
    right: ['layers:', '  conv1: { op: conv, filters: 16, kernel: 3, pad: 1 }', '  sum: { op: add, from: [conv1, image] }'],
  },
  concatUnequal: {
    reason: 'Channels are put side by side for each pixel, so all inputs need the same pixels.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  both: { op: concat, from: [conv1, image] }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, pad: 1 }', '  both: { op: concat, from: [conv1, image] }'],
  },
  concatMixed: {
    reason: 'A vector has no pixels that its values could stand beside.',
    wrong: ['layers:', '  fc: { op: dense, units: 10 }', '  both: { op: concat, from: [fc, image] }'],
    right: ['layers:', '  fc: { op: dense, units: 10 }', '  flat: { op: flatten, from: image }', '  both: { op: concat, from: [fc, flat] }'],
  },
  tooManyValues: {
    reason: 'A shader counts in 32 bits. A value of more numbers than that cannot be addressed, however large the device.',
    wrong: ['input: { image: 100000x100000x3 }'],
    right: ['input: { image: 1000x1000x3 }', 'layers:', '  pool: { op: global_avgpool }'],
  },
  tooManyWeights: {
    reason: 'A shader counts in 32 bits, and no file of weights for such a layer could be loaded.',
    wrong: ['layers:', '  fc: { op: dense, units: 1M }'],
    right: ['layers:', '  fc: { op: dense, units: 1k }'],
  },
  groupsDoNotDivideInput: {
    reason: 'Each group reads its own share of the channels, all of one size.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 6, kernel: 3, groups: 3 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, groups: 4 }'],
  },
  labelsDoNotFit: {
    reason: 'A label belongs to a score by its number. A list of another length is that of another network, or of one with other classes.',
    wrong: ['layers: { fc: { op: dense, units: 10 } }', 'labels: imagenet-1k'],
    right: ['layers: { fc: { op: dense, units: 1000 } }', 'labels: imagenet-1k'],
  },
  outputWithoutExpect: {
    reason: 'What a network gives back is what its users rely on. Written down, it cannot change by accident.',
    wrong: ['layers: { fc: { op: dense, units: 10 } }'],
    right: ['layers: { fc: { op: dense, units: 10, expect: 10 } }'],
  },
  strideOverWindow: {
    reason: 'Between two windows lie pixels that neither reads. The 1x1 convolutions with stride 2 of ResNet’s shortcuts are the known case where it is meant.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 1, stride: 2 }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 2, stride: 2 }'],
  },
  lateDropout: {
    reason: 'Dropout keeps weights behind it from relying on single values. With none behind it training drops parts of the answer instead.',
    wrong: ['layers:', '  fc: { op: dense, units: 10 }', '  drop: { op: dropout, rate: 0.5 }', '  prob: { op: softmax }'],
    right: ['layers:', '  drop: { op: dropout, rate: 0.5 }', '  fc: { op: dense, units: 10 }', '  prob: { op: softmax }'],
  },
  biasBeforeNorm: {
    reason: 'Batch normalisation subtracts the mean of each channel, and with it whatever was added to all of it. The bias is trained, stored and loaded for nothing.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3 }', '  bn1: { op: batchnorm }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, bias: false }', '  bn1: { op: batchnorm }'],
  },
  activationTwice: {
    reason: 'As a rule `activation:` was written and the layer of its own forgotten. A second relu changes nothing, a second sigmoid or tanh squeezes what was squeezed.',
    wrong: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, activation: relu }', '  relu1: { op: relu }'],
    right: ['layers:', '  conv1: { op: conv, filters: 8, kernel: 3, activation: relu }'],
  },
  normMakesNaN: {
    reason: 'What is raised to `beta` must be above 0: GPUs make no powers of negative numbers, and 0 divided by 0 is none. A single NaN spoils all that is computed from it. PyTorch takes such values, too.',
    wrong: ['layers:', '  norm1: { op: lrn, size: 5, alpha: -1e-4, beta: 0.75, k: 2, reduce: sum }'],
    right: ['layers:', '  norm1: { op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }'],
  },
  channelsFirst: {
    reason: 'PyTorch and Caffe write a picture as channels x height x width, netloom as height x width x channels. A window that slides over three rows of hundreds of channels is a network, too, but hardly the one that was meant.',
    wrong: ['input: { image: 3x64x64 }'],
    right: ['input: { image: 64x64x3 }'],
  },

  valueTooLarge: {
    reason: 'A value lies in one buffer, and every WebGPU device promises 128 MiB for one. Batches are run in parts where they need more; a single image cannot be.',
    wrong: ['input: { image: 2048x2048x3 }', 'layers:', '  conv1: { op: conv, filters: 16, kernel: 1 }', '  pool: { op: global_avgpool }'],
    right: ['input: { image: 1024x1024x3 }', 'layers:', '  conv1: { op: conv, filters: 16, kernel: 1 }', '  pool: { op: global_avgpool }'],
  },
  rowTooLarge: {
    reason: 'The weights of a dense layer are split over several buffers, by whole groups of 64 rows. A group that fits no buffer cannot be split further.',
    wrong: ['input: { values: 600_000 }', 'layers:', '  fc: { op: dense, units: 2 }'],
    right: ['input: { values: 500_000 }', 'layers:', '  fc: { op: dense, units: 2 }'],
  },
  weightTooLarge: {
    reason: 'The weights of a convolution lie in one buffer, and every WebGPU device promises 128 MiB for one.',
    wrong: ['input: { image: 4x4x1024 }', 'layers:', '  conv1: { op: conv, filters: 4096, kernel: 3 }'],
    right: ['input: { image: 4x4x1024 }', 'layers:', '  conv1: { op: conv, filters: 2048, kernel: 3 }'],
  },

  tooManyBuffers: {
    reason: 'A kernel has a buffer for each value that it reads and for the one that it makes, and every WebGPU device promises eight. Joining channels (`concat`) needs none.',
    wrong: [
      'layers:', ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `  ${name}: { op: conv, filters: 16, kernel: 1, from: image }`),
      '  sum: { op: add, from: [a, b, c, d, e, f, g, h] }',
    ],
    right: [
      'layers:', ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `  ${name}: { op: conv, filters: 16, kernel: 1, from: image }`),
      '  some: { op: add, from: [a, b, c, d] }', '  sum: { op: add, from: [some, e, f, g, h] }',
    ],
  },
  weightsInParts: {
    reason: 'A buffer of weights that no binding holds is bound in parts, and the kernel dispatched once for each. It costs next to nothing; libraries that do not do it give wrong numbers here.',
    target: 'portable',
    wrong: ['input: { values: 9216 }', 'layers:', '  fc6: { op: dense, units: 4096 }'],
    right: ['input: { values: 9216 }', 'layers:', '  fc6: { op: dense, units: 2048 }'],
  },
  batchInParts: {
    reason: 'A batch of any size can be run. Of what does not fit the buffers so many images are run at a time, one part after the other, and the results put together.',
    target: 'portable',
    wrong: ['input: { image: 512x512x64 }', 'layers:', '  conv1: { op: conv, filters: 64, kernel: 3, pad: 1 }'],
    right: ['input: { values: 10 }', 'layers:', '  fc: { op: dense, units: 10 }'],
  },

  contractFails: {
    reason: '`check:` holds what must be true of the whole network: its published size, a budget, a shape. Something changed it, and whoever did may not know.',
    wrong: ['layers: { fc: { op: dense, units: 10 } }', 'check: [parameters < 100k]'],
    right: ['layers: { pool: { op: maxpool, kernel: 2 }, fc: { op: dense, units: 10 } }', 'check: [parameters < 100k]'],
  },
  noContract: {
    reason: 'A number or a shape by itself neither holds nor fails.',
    wrong: ['check: [macs]'],
    right: ['check: [macs < 10M]'],
  },
};

/** The explanation of every code, in the order of the codes. */
export function allExplanations(): readonly { readonly entry: Entry; readonly explanation: Explanation }[] {
  return (Object.keys(catalog) as Law[]).map((law) => ({ entry: catalog[law], explanation: explanations[law] })).sort((a, b) => (a.entry.code < b.entry.code ? -1 : 1));
}

/** Why a diagnostic is told, and an example of each; undefined where there is no such code. */
export function explanationOf(code: string): Explanation | undefined {
  return allExplanations().find(({ entry }) => entry.code === code)?.explanation;
}
