import type { Static } from 'typebox';
import { Type } from 'typebox';

/** How many of n rows lie in E and in E_ε. */
export const CountsSchema = Type.Object({
  n: Type.Integer({ minimum: 0 }),
  risk: Type.Integer({ minimum: 0 }),
  advRisk: Type.Integer({ minimum: 0 }),
});
export type Counts = Static<typeof CountsSchema>;
