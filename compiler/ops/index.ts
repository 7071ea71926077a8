// Every operator there is, in the order in which help lists them. A new one is a file and a line here.

import type { Op } from '../ir/op.ts';
import { add } from './add.ts';
import { avgpool } from './avgpool.ts';
import { batchnorm } from './batchnorm.ts';
import { concat } from './concat.ts';
import { conv } from './conv.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { flatten } from './flatten.ts';
import { gelu } from './gelu.ts';
import { globalAvgpool } from './global-avgpool.ts';
import { leakyRelu } from './leaky-relu.ts';
import { lrn } from './lrn.ts';
import { maxpool } from './maxpool.ts';
import { relu } from './relu.ts';
import { relu6 } from './relu6.ts';
import { sigmoid } from './sigmoid.ts';
import { softmax } from './softmax.ts';
import { tanh } from './tanh.ts';

export const ops: readonly Op[] = [
  conv,
  dense,
  maxpool,
  avgpool,
  globalAvgpool,
  lrn,
  batchnorm,
  dropout,
  flatten,
  softmax,
  add,
  concat,
  relu,
  relu6,
  leakyRelu,
  sigmoid,
  tanh,
  gelu,
];

/** The same by name. */
export const opsByName: ReadonlyMap<string, Op> = new Map(ops.map((op) => [op.name, op]));
