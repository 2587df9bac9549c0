/**
 * What a command of the wallet says: its result on standard output (one JSON object, or text), everything else on standard error.
 *
 * @module
 */
import type { ProgressListener, Step } from '@dwallet/client-sdk/node';

export interface Output {
  readonly json: boolean;
  /** The result, once. @param value - for programs. @param lines - for people. */
  result(value: Readonly<Record<string, unknown>>, lines: readonly string[]): void;
  /** For people, beside the result: standard error. */
  note(text: string): void;
  /** Shows on standard error what takes longer than a second. Call `done` when it ends. */
  progress(): Progress;
}

export interface Progress {
  readonly onProgress: ProgressListener;
  step(text: string): void;
  done(): void;
}

const stepTexts: Readonly<Record<Step, string>> = {
  connect: 'asking validators for the network parameters',
  'register-key': 'registering the encryption key of this wallet',
  'make-share': "making the wallet's share and its proofs",
  certify: 'validators verify and certify the dWallet',
  check: 'checking what they answered',
  accept: 'accepting the dWallet',
  recover: 'asking validators for the dWallets of this seed',
  build: 'asking the chain for nonce, fees or coins',
  approve: 'waiting for approval',
  'take-presign': 'taking a presign',
  'make-message': "making the wallet's half of the signature",
  sign: 'validators verify and make their half',
  verify: 'checking the signature',
  broadcast: 'handing in the transaction',
  wait: 'waiting until it is in the chain',
};

const quietMs = 1000;

/** Writes text where people read, leaving standard output to the result. */
const write = (text: string): void => void process.stderr.write(text);

function createProgress(): Progress {
  let text = '';
  let since = performance.now();
  let shown = false;
  const begin = performance.now();
  const show = (): void => {
    const terminal = process.stderr.isTTY;
    // A line that stays is for a step that is slow by itself.
    if (text === '' || performance.now() - (terminal ? begin : since) < quietMs) return;
    const seconds = ((performance.now() - since) / 1000).toFixed(0);
    if (terminal) write(`\r\x1b[2K${text} … ${seconds} s`);
    else if (!shown) write(`${text} …\n`);
    shown = true;
  };
  const timer = setInterval(show, process.stderr.isTTY ? 250 : quietMs);
  timer.unref();
  const clear = (): void => {
    if (shown && process.stderr.isTTY) write('\r\x1b[2K');
    shown = false;
  };
  const step = (next: string): void => {
    clear();
    text = next;
    since = performance.now();
    show();
  };
  return {
    step,
    onProgress: ({ step: name }) => {
      // A question is on the terminal.
      if (name === 'approve') {
        clear();
        text = '';
      } else step(stepTexts[name]);
    },
    done() {
      clearInterval(timer);
      clear();
      text = '';
    },
  };
}

export const createOutput = (json: boolean): Output => ({
  json,
  result(value, lines) {
    const replacer = (_: string, entry: unknown): unknown => (typeof entry === 'bigint' ? entry.toString() : entry);
    process.stdout.write(json ? `${JSON.stringify(value, replacer)}\n` : lines.map((line) => `${line}\n`).join(''));
  },
  note: (text) => write(`${text}\n`),
  progress: createProgress,
});
