import { describe, expect, test } from 'vitest';
import { textOf } from '../compiler/source/source.ts';
import { check } from './support/check.ts';

// 3·3·3·4 + 4 = 112 parameters and 8·8·108 = 6,912 MACs in conv1, 4·2·2·10 + 10 = 170 and 160 in fc.
const spec = (contracts: string, fc = 'units: = classes'): string => `netloom: 1
name: tiny
params: { classes: 10 }
input: { image: 8x8x3 }
blocks: { pair: { layers: { pool: { op: maxpool, kernel: 4 }, fc: { op: dense, ${fc} } } } }
layers:
  conv1: { op: conv, filters: 4, kernel: 3, pad: 1, activation: relu, expect: 8x8x4 }
  out: { use: pair, expect: ? }
check: ${contracts}
`.replace('expect: ?', 'expect: "?"');

const diagnosticsOf = (contracts: string, fc?: string, overrides: Record<string, string> = {}) => check(spec(contracts, fc), overrides).diagnostics;
const messages = (contracts: string, fc?: string): string[] => diagnosticsOf(contracts, fc).map(({ code, message, span }) => `${textOf(span)}| ${code} ${message}`);

describe('hold', () => {
  test.each([
    'parameters == 282',
    '= parameters == 282',
    'macs == 6912 + 160 and flops > 2 * macs',
    'weights == 4 * parameters',
    'activations == 4 * (8*8*4 + 2*2*4 + 10)',
    'shape(conv1) == 8x8x4',
    'shape(conv1) == 8x8x?',
    'shape(image) == 8 × 8 × 3 and shape(out.pool) == 2x2x4',
    'parameters(conv1) == 112 and parameters(out) == 170 and parameters(out.pool) == 0',
    'classes != 10 or parameters < 1k',
    'not (parameters > 1KiB)',
    'if(classes == 10, parameters == 282, false)',
    'weights <= 256MiB',
  ])('%s', (contract) => {
    expect(messages(`["${contract}"]`)).toEqual(contract.includes('false') ? [expect.stringContaining('`false`')] : []);
  });

  test('as one text, or none', () => {
    expect(messages('macs < 1M')).toEqual([]);
    expect(messages('[]')).toEqual([]);
  });

  test('or not, as `--set` has it', () => {
    const contract = '["classes == 10 or parameters < 200"]';
    expect(diagnosticsOf(contract)).toEqual([]);
    expect(diagnosticsOf(contract, undefined, { classes: '20' }).map(({ message }) => message)).toEqual([
      '`classes == 10 or parameters < 200` does not hold: classes is 20, not 10, and parameters is 452, not below 200',
    ]);
  });
});

describe('fail', () => {
  test.each([
    ['parameters == 281', 'parameters == 281', 'parameters is 282, not 281', '1 too many'],
    ['macs < 7k', 'macs < 7k', 'macs is 7,072, not below 7k = 7,000', '72 too many'],
    ['weights <= 1KiB and macs < 1M', 'weights <= 1KiB', 'weights is 1,128, above 1KiB = 1,024', '104 too many'],
    ['100 * classes > 4 * parameters', '100 * classes > 4 * parameters', '100 * classes is 1,000, not above 4 * parameters = 1,128', '128 too few'],
    ['macs / 1000 >= 7.5', 'macs / 1000 >= 7.5', 'macs / 1000 is 7.072, below 7.5', '0.428 too few'],
    ['classes != 10', 'classes != 10', 'classes is 10', 'must hold'],
    ['not macs < 1M', 'not macs < 1M', 'not macs < 1M is false', 'must hold'],
    ['shape(conv1) == ?x8x5', 'shape(conv1) == ?x8x5', 'shape(conv1) is 8x8x4, not ?x8x5', 'must hold'],
  ])('%s', (contract, marked, because, label) => {
    const [wrong, ...others] = diagnosticsOf(`["${contract}"]`);
    expect(others).toEqual([]);
    expect(wrong && [textOf(wrong.span), wrong.code, wrong.message, wrong.label]).toEqual([marked, 'NL5001', `\`${contract}\` does not hold: ${because}`, label]);
  });

  test('with the layers that matter', () => {
    const [parameters, shape] = diagnosticsOf('[parameters < 100, shape(out.pool) == 1x1x4]');
    expect(parameters?.help).toBe('of the 282 are 170 in out.fc and 112 in conv1');
    expect(shape?.related.map(({ span, note }) => `${textOf(span)}: ${note}`)).toEqual(['conv1: 8x8x3 becomes 8x8x4: 8 + 2*1 - 3 + 1 = 8', 'pool: out.pool gives 2x2x4']);
  });
});

describe('are wrong', () => {
  test.each([
    ['parameters', 'parameters| NL5002 `parameters` is 282, not a condition'],
    ['shape(conv1)', 'shape(conv1)| NL5002 `shape(conv1)` is 8x8x4, not a condition'],
    ['paramters < 3', 'paramters| NL2021 there is no param `paramters`'],
    ['classes == 10 or macz < 3', 'macz| NL2021 there is no param `macz`'],
    ['shape(cnv1) == 3', 'cnv1| NL2009 shape(): there is no layer `cnv1`'],
    ['shape(conv1, out) == 3', 'shape| NL2028 shape takes the name of a layer, not 2'],
    ['shape(conv1) < 8x8x9', 'shape(conv1)| NL2030 `<` needs a number, but shape(conv1) is a shape'],
    ['area(conv1) < 3', 'area| NL2029 there is no function `area`'],
    ['macs < ', ' | NL2023 the expression goes wrong at its end'],
  ])('%s', (contract, expected) => {
    expect(messages(`["${contract}"]`)).toEqual([expected]);
  });

  test('and so told even where the network is, whose amounts then stay unsaid', () => {
    expect(messages('[macs < 1, mcs < 1, shape(out.fc) == 3]', 'units: -1')).toEqual(['-1| NL2004 pair.fc: `units` cannot be -1', 'mcs| NL2021 there is no param `mcs`']);
  });
});
