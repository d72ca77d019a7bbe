import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/**
 * A peer script in Python that answers a line with a line of JSON. It loads its data once, so that a round costs
 * what is timed and nothing else.
 */
export class PythonPeer implements AsyncDisposable {
  private readonly lines: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly reader: Interface,
  ) {
    this.lines = reader[Symbol.asyncIterator]();
  }

  /**
   * Starts a script and waits for its first line. Rejects with what Python said if it ends before.
   * @param python by default Debian's own, which alone sees the peers that are Debian's packages
   */
  static async start(
    script: string,
    args: readonly string[],
    python = '/usr/bin/python3',
  ): Promise<{ peer: PythonPeer; ready: unknown }> {
    const child = spawn(python, [script, ...args]);
    // A Python that is missing ends the output too, which is told below.
    child.on('error', () => {});
    child.stderr.pipe(process.stderr);
    const peer = new PythonPeer(child, createInterface({ input: child.stdout }));
    return { peer, ready: await peer.nextLine() };
  }

  async ask(question: string): Promise<unknown> {
    this.child.stdin.write(`${question}\n`);
    return this.nextLine();
  }

  private async nextLine(): Promise<unknown> {
    const { value, done } = await this.lines.next();
    if (done === true) {
      throw new Error('the Python peer ended; it needs Debian’s packages as bench/README.md names them');
    }
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin.end();
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    this.reader.close();
  }
}
