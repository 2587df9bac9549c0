/**
 * What the store consisted of in version 1: one file per record (`records/<kind>/<id>`) and an append-only log of single-use markers
 * (`single-use.log`). Only read here, to be imported once into the store of today (lmdb-store.ts).
 *
 * Log: header (magic, version, owner, checksum), then records of 129 bytes: kind, presign id, D, presign id again, checksum. Each checksum
 * covers the one before it. A bad last record is what a crash during a write left, or a good one that decayed: the presigns that it names
 * are void.
 *
 * @module
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type Digest,
  type PresignId,
  concat,
  constantTimeEqual,
  digest,
  encodeText,
  encodeUint32,
  presignId,
} from '@dwallet/sigma';
import { sha256 } from '@noble/hashes/sha2.js';
import { isAlive } from './process-lock.ts';
import { StoreError } from './store-error.ts';

const recordsFolder = 'records';
const logFile = 'single-use.log';
/** What an imported one is called from then on. */
const importedSuffix = '.imported';
const temporaryPrefix = '.tmp-';

const magic = encodeText('DWSINGLE');
const logVersion = 1;
/** In place of an imported log: programs of version 1 refuse it as newer, so none of them starts again without its markers. */
const retiredVersion = 0xffff_ffff;
const kindMark = 1;
const kindVoid = 2;
const checkBytes = 32;
const headerBytes = magic.length + 4 + 32 + checkBytes;
const recordBytes = 1 + 32 + 32 + 32 + checkBytes;

export type VersionOneEntry =
  | { readonly kind: string; readonly id: string; readonly record: Uint8Array }
  | { readonly presignId: PresignId; readonly marker: Digest | 'void' };

const damaged = (what: string): StoreError =>
  new StoreError('STORE_DAMAGED', `the records of version 1 cannot be imported: ${what}`);

const isRetired = (log: Uint8Array): boolean => constantTimeEqual(log, concat(magic, encodeUint32(retiredVersion)));

/** Whether a validator's folder holds records of version 1 that are still to be imported. */
export function hasVersionOne(folder: string): boolean {
  const log = join(folder, logFile);
  return existsSync(join(folder, recordsFolder)) || (existsSync(log) && !isRetired(readFileSync(log)));
}

/**
 * All records and markers of version 1.
 * @param owner - identity key that the log must name.
 * @throws StoreError STORE_DAMAGED, STORE_OWNER, STORE_LOCKED while a program of version 1 runs.
 */
export function* readVersionOne(folder: string, owner: Uint8Array): Generator<VersionOneEntry> {
  requireNoOwner(folder);
  const records = join(folder, recordsFolder);
  const log = join(folder, logFile);
  // Its markers are what keeps a presign from being used twice: records without them are no store.
  if (existsSync(records) && !existsSync(log) && !existsSync(`${log}${importedSuffix}`))
    throw damaged('the log of markers is missing');
  if (existsSync(records)) yield* readRecords(records);
  if (existsSync(log)) yield* readLog(new Uint8Array(readFileSync(log)), owner);
}

function* readRecords(folder: string): Generator<VersionOneEntry> {
  for (const kind of readdirSync(folder)) {
    for (const id of readdirSync(join(folder, kind))) {
      if (id.startsWith(temporaryPrefix)) continue;
      yield { kind, id, record: new Uint8Array(readFileSync(join(folder, kind, id))) };
    }
  }
}

const checksum = (previous: Uint8Array, body: Uint8Array): Uint8Array =>
  sha256(concat(encodeText('dwallet/v1/single-use'), previous, body));

function* readLog(bytes: Uint8Array, owner: Uint8Array): Generator<VersionOneEntry> {
  if (isRetired(bytes)) return;
  const opening = concat(magic, encodeUint32(logVersion), owner);
  const header = concat(opening, checksum(new Uint8Array(checkBytes), opening));
  // A crash while the file was created left a part of the header and certainly no record.
  if (bytes.length < headerBytes && constantTimeEqual(bytes, header.subarray(0, bytes.length))) return;
  if (bytes.length < headerBytes || !constantTimeEqual(bytes.subarray(0, magic.length), magic))
    throw damaged('the log of markers is not one');
  if (!constantTimeEqual(bytes.subarray(0, headerBytes), header))
    throw new StoreError('STORE_OWNER', 'the log of markers belongs to another validator, or its header is damaged');
  let last: Uint8Array = header.subarray(headerBytes - checkBytes);
  const seen = new Set<string>();
  for (let at = headerBytes; at < bytes.length; at += recordBytes) {
    const record = bytes.subarray(at, at + recordBytes);
    const body = record.subarray(0, recordBytes - checkBytes);
    const check = record.length === recordBytes ? checksum(last, body) : undefined;
    if (check === undefined || !constantTimeEqual(check, record.subarray(recordBytes - checkBytes))) {
      if (at + recordBytes < bytes.length) throw damaged('the log of markers is damaged in the middle');
      yield* burnt(record, seen);
      return;
    }
    const id = presignId(body.slice(1, 33));
    if (!constantTimeEqual(id, body.subarray(65, 97)) || seen.has(id.join()))
      throw damaged('the log of markers names a presign twice');
    seen.add(id.join());
    if (body[0] === kindVoid) yield { presignId: id, marker: 'void' };
    else if (body[0] === kindMark) yield { presignId: id, marker: digest(body.slice(33, 65)) };
    else throw damaged('the log of markers has a record of an unknown kind');
    last = check;
  }
}

/** Presigns that either copy of the id in a torn record names. */
function* burnt(record: Uint8Array, seen: Set<string>): Generator<VersionOneEntry> {
  for (const at of [1, 65]) {
    const id = record.slice(at, at + 32);
    if (id.length !== 32 || seen.has(id.join())) continue;
    seen.add(id.join());
    yield { presignId: presignId(id), marker: 'void' };
  }
}

/** A program of version 1 that still runs holds a lock file with its process number and start time. */
function requireNoOwner(folder: string): void {
  const path = join(folder, `${logFile}.lock`);
  if (!existsSync(path)) return;
  const owner = readFileSync(path, 'utf8');
  if (isAlive(owner))
    throw new StoreError('STORE_LOCKED', `an older program still runs on this folder (process ${owner.split(' ')[0]})`);
}

/** After the import is durable: puts the old files aside and a log in their place that programs of version 1 refuse. Idempotent. */
export function retireVersionOne(folder: string): void {
  const log = join(folder, logFile);
  const setAside = (path: string): void => {
    if (!existsSync(path)) return;
    let aside = `${path}${importedSuffix}`;
    while (existsSync(aside)) aside += '-again';
    renameSync(path, aside);
  };
  // Records go last: while they are there the import is looked at again.
  if (!existsSync(log) || !isRetired(readFileSync(log))) {
    setAside(log);
    const file = openSync(log, 'w', 0o600);
    try {
      writeSync(file, concat(magic, encodeUint32(retiredVersion)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
  setAside(join(folder, recordsFolder));
  rmSync(`${log}.lock`, { force: true });
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
