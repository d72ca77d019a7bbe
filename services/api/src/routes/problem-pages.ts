import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { isProblemCode, PROBLEMS } from '@levy/contracts';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';

const HTML = 'text/html; charset=utf-8';

/** /problems and /problems/<code>: what the `type` of a problem document leads to. */
export function problemPages(root: FastifyInstance): void {
  const app = root.withTypeProvider<TypeBoxTypeProvider>();
  app.get('/problems', { schema: { hide: true } }, async (_, reply) => {
    const items = Object.entries(PROBLEMS)
      .map(
        ([code, { title, status }]) =>
          `<li><a href="/problems/${code}">${code}</a> (${status}): ${title}</li>`,
      )
      .join('\n');
    reply.type(HTML);
    return page('Problems', `<ul>\n${items}\n</ul>`);
  });

  app.get(
    '/problems/:code',
    { schema: { hide: true, params: Type.Object({ code: Type.String() }) } },
    async (request, reply) => {
      const { code } = request.params;
      if (!isProblemCode(code)) throw new ProblemError('not-found', 'there is no such kind of problem');
      const { title, status, help } = PROBLEMS[code];
      reply.type(HTML);
      return page(
        title,
        `<p>Status ${status}</p>\n<p>${help}</p>\n<p><a href="/problems">All problems</a></p>`,
      );
    },
  );
}

/** The texts are this program's own; nothing of a request is in them. */
function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} · Lévy</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`;
}
