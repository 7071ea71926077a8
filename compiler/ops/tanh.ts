// The hyperbolic tangent.

import { input, tanh as tanhOf } from '../ir/expr.ts';
import { activation } from './pointwise.ts';

export const tanh = activation('tanh', 'Squeezes every number into -1 to 1. y = tanh(x). As `torch.nn.Tanh`.', tanhOf(input()), Math.tanh);
