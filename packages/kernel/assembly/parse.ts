/** Canonical bytes (class-groups.md 1.3), the parsing checks P2 - P7 (1.4) and the genus character (1.5). */

import { euclid, remainder0 } from './euclid';
import { DISCRIMINANT, ZERO, partB, partC } from './form';
import {
  add,
  compareAbsolute,
  copy,
  divide,
  isNegative,
  isSmall,
  limb,
  limbs,
  modulo,
  multiply,
  setNegative,
  setSmall,
  shiftLeft,
  shiftRight,
  size,
  subtract,
  trailingZeros,
  trim,
} from './integer';

const CONDUCTOR: usize = memory.data(1088, 8);
const T1: usize = memory.data(1088, 8);
const T2: usize = memory.data(1088, 8);

/** Sets the conductor q; zero limbs mean that there is none. */
export function setConductor(source: usize, n: i32): void {
  memory.copy(limbs(CONDUCTOR), source, (n as usize) << 2);
  store<i32>(CONDUCTOR, 0, 4);
  trim(CONDUCTOR, n);
}

function readBigEndian(p: usize, source: usize, bytes: i32): void {
  const n = (bytes + 3) >> 2;
  memory.fill(limbs(p), 0, (n as usize) << 2);
  for (let i = 0; i < bytes; i++) store<u8>(limbs(p) + (i as usize), load<u8>(source + ((bytes - 1 - i) as usize)));
  store<i32>(p, 0, 4);
  trim(p, n);
}

/** Reads a || b into `form`, makes c, and checks. Returns 0 or the number of the failed check, 2 to 7. */
export function parse(form: usize, source: usize, bytes: i32, checkSquare: i32): i32 {
  const a = form;
  const b = partB(form);
  const c = partC(form);
  readBigEndian(a, source, bytes);
  readBigEndian(b, source + (bytes as usize), bytes);
  if (load<u8>(source + (bytes as usize)) >> 7) {
    // two's complement: |b| = 2^(8 bytes) - value
    const n = (bytes + 4) >> 2;
    setSmall(T1, 0);
    memory.fill(limbs(T1), 0, (n as usize) << 2);
    store<u8>(limbs(T1) + (bytes as usize), 1);
    trim(T1, n);
    subtract(b, T1, b);
    setNegative(b, 1);
  }
  if (size(a) == 0) return 2;
  const order = compareAbsolute(b, a);
  if (order > 0 || (order == 0 && isNegative(b))) return 3;
  if (size(b) == 0 || (limb(b, 0) & 1) == 0) return 4;
  multiply(T1, b, b);
  subtract(T1, T1, DISCRIMINANT);
  shiftLeft(T2, a, 2);
  divide(c, T1, T1, T2);
  if (size(T1) != 0) return 4;
  const balance = compareAbsolute(a, c);
  if (balance > 0 || (balance == 0 && isNegative(b))) return 5;
  if (size(CONDUCTOR) == 0) {
    euclid(a, b, ZERO);
    copy(T1, remainder0);
    modulo(T2, c, T1);
    euclid(T1, T2, ZERO);
    if (!isSmall(remainder0, 1)) return 6;
  } else {
    modulo(T1, a, CONDUCTOR);
    modulo(T2, c, CONDUCTOR);
    if (size(T1) == 0 && size(T2) == 0) return 6;
    if (checkSquare && genusCharacter(form) != 1) return 7;
  }
  return 0;
}

/** Writes the canonical bytes of a reduced form. */
export function serialise(target: usize, form: usize, bytes: i32): void {
  writeBigEndian(target, form, bytes);
  const b = partB(form);
  const at = target + (bytes as usize);
  writeBigEndian(at, b, bytes);
  if (isNegative(b)) {
    let carry: u32 = 1;
    for (let i = bytes - 1; i >= 0; i--) {
      const t = ((load<u8>(at + (i as usize)) as u32) ^ 255) + carry;
      store<u8>(at + (i as usize), t as u8);
      carry = t >> 8;
    }
  }
}

function writeBigEndian(target: usize, p: usize, bytes: i32): void {
  const n = size(p) << 2;
  for (let i = 0; i < bytes; i++) {
    store<u8>(target + ((bytes - 1 - i) as usize), i < n ? load<u8>(limbs(p) + (i as usize)) : 0);
  }
}

/** The symbol (m / q) for the first m of a, c, a + b + c that q does not divide; 1 for squares (class-groups.md 1.5). */
export function genusCharacter(form: usize): i32 {
  modulo(T1, form, CONDUCTOR);
  if (size(T1) == 0) modulo(T1, partC(form), CONDUCTOR);
  if (size(T1) == 0) {
    add(T1, form, partB(form));
    add(T1, T1, partC(form));
    modulo(T1, T1, CONDUCTOR);
  }
  return jacobi();
}

/** Jacobi symbol of T1 >= 0 over the conductor, binary; clobbers T1 and T2. */
function jacobi(): i32 {
  copy(T2, CONDUCTOR);
  let x = T1;
  let n = T2;
  let symbol = 1;
  while (size(x) != 0) {
    const twos = trailingZeros(x);
    shiftRight(x, x, twos);
    const residue = limb(n, 0) & 7;
    if (twos & 1 && (residue == 3 || residue == 5)) symbol = -symbol;
    if (compareAbsolute(x, n) < 0) {
      const p = x;
      x = n;
      n = p;
      if ((limb(x, 0) & limb(n, 0) & 3) == 3) symbol = -symbol;
    }
    subtract(x, x, n);
  }
  return isSmall(n, 1) ? symbol : 0;
}
