/**
 * Child process of the crash tests: marks a presign and is killed at a chosen point, without any chance to clean up.
 * Arguments: path of the log, point (`before-mark`, `torn-write`, `before-sync`, `before-share`, `after-share`), share file.
 */
import { fsyncSync, writeFileSync, writeSync } from 'node:fs';
import { digest, presignId } from '@dwallet/sigma';
import { FileSingleUseStore } from '../../src/store/file-single-use-store.ts';

const [path, point, shareFile] = process.argv.slice(2) as [string, string, string];
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
};
let armed = false;
const store = new FileSingleUseStore(path, new Uint8Array(32).fill(1), {
  write: (file, bytes, position) => {
    if (armed && point === 'torn-write') {
      writeSync(file, bytes, 0, 50, position);
      die();
    }
    return writeSync(file, bytes, 0, bytes.length, position);
  },
  sync: (file) => {
    if (armed && point === 'before-sync') die();
    fsyncSync(file);
  },
});
armed = true;
if (point === 'before-mark') die();
await store.mark(presignId(new Uint8Array(32).fill(2)), digest(new Uint8Array(32).fill(3)));
if (point === 'before-share') die();
writeFileSync(shareFile, 'share');
die();
