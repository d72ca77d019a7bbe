interface Entry {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Which methods an address answers to, so that a wrong one is a 405 with Allow rather than a 404. */
export class RouteTable {
  readonly #entries = new Map<string, Entry>();

  add(method: string | string[], url: string): void {
    const entry = this.#entries.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    this.#entries.set(url, entry);
    for (const name of [method].flat()) entry.methods.add(name);
  }

  /** In the order of the alphabet; undefined if no route has this path. */
  methodsOf(path: string): string[] | undefined {
    const methods = [...this.#entries.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((entry) => [...entry.methods]);
    return methods.length === 0 ? undefined : [...new Set([...methods, 'OPTIONS'])].sort();
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    if (part === '*') return '.*';
    return part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
