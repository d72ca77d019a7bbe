import { type Static, Type } from 'typebox';

/** One thing that is wrong with a request, and where. */
export type Fault = { readonly code: string; readonly detail: string } & (
  | { readonly pointer: string }
  | { readonly parameter: string }
  | { readonly header: string }
);

export const FaultSchema = Type.Object({
  pointer: Type.Optional(Type.String({ description: 'JSON pointer into the body, such as #/epsilon' })),
  parameter: Type.Optional(Type.String({ description: 'Name of a path or query parameter' })),
  header: Type.Optional(Type.String({ description: 'Name of a request header' })),
  code: Type.String(),
  detail: Type.String({ description: 'What is wrong, with which value, and what to do' }),
});

/** RFC 9457 problem document, `application/problem+json`. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: '/problems/<code>, a page that this service serves' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.Optional(Type.String()),
    requestId: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(FaultSchema, { maxItems: 50 })),
  },
  { $id: 'Problem', title: 'Problem', additionalProperties: false },
);
export type Problem = Static<typeof ProblemSchema>;
