/** Settings that a process cannot start with: every fault, each naming its variable. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly faults: readonly string[]) {
    super(`the settings are wrong:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

export interface SettingsSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file whole; used for secrets that are given as `NAME_FILE`. */
  readonly readText: (path: string) => string;
}

/**
 * Reads a process's settings from its environment variables. An empty variable counts as unset. What is wrong is
 * gathered, and thrown all at once by `done`; until then a faulty variable reads as its fallback or as undefined.
 */
export class SettingsReader {
  readonly #source: SettingsSource;
  readonly #faults: string[] = [];

  constructor(source: SettingsSource) {
    this.#source = source;
  }

  text(name: string): string | undefined {
    const value = this.#source.env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** A secret, from `NAME` or from the file that `NAME_FILE` names. */
  secret(name: string): string | undefined {
    const direct = this.text(name);
    const path = this.text(`${name}_FILE`);
    if (path === undefined) return direct;
    if (direct !== undefined) {
      this.fault(`${name} and ${name}_FILE are both set; leave one out`);
      return undefined;
    }
    try {
      return this.#source.readText(path).trim() || undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.fault(`${name}_FILE names ${path}, which cannot be read: ${reason}`);
      return undefined;
    }
  }

  integer(name: string, bounds: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= bounds.min && value <= bounds.max) return value;
    this.fault(`${name} is "${text}"; it must be a whole number from ${bounds.min} to ${bounds.max}`);
    return undefined;
  }

  oneOf<const V extends string>(name: string, values: readonly V[]): V | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = values.find((each) => each === text);
    if (value === undefined) this.fault(`${name} is "${text}"; it must be one of ${values.join(', ')}`);
    return value;
  }

  /** An address with one of these schemes, such as ["http:", "https:"]; it may hold a password, so it is a secret. */
  url(name: string, protocols: readonly string[]): string | undefined {
    const text = this.secret(name);
    if (text === undefined) return undefined;
    if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
    const shown = withoutPassword(text);
    this.fault(`${name} is "${shown}"; it must be an address starting with ${protocols.join('// or ')}//`);
    return undefined;
  }

  fault(text: string): void {
    this.#faults.push(text);
  }

  /** Throws SettingsError if anything was wrong. */
  done(): void {
    if (this.#faults.length > 0) throw new SettingsError(this.#faults);
  }
}

/** An address as it may be shown: what stands between "//" and "@" is a secret. */
export function withoutPassword(address: string): string {
  return address.replace(/(\/\/)[^/@]*@/, '$1…@');
}
