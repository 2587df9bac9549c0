/**
 * Evidence for tests that every branch of NUCOMP and NUDUPL is reached (CG:T2). Off unless a test installs an observer;
 * not exported from the package.
 *
 * @module
 */

/** The branches of class-groups.md 1.7 and 1.8 that behave differently. */
export type Branch =
  | 'nucomp/coprime'
  | 'nucomp/gcd-divides-s'
  | 'nucomp/gcd-does-not-divide-s'
  | 'nucomp/z=0'
  | 'nucomp/z=0,bx=0'
  | 'nucomp/z-odd'
  | 'nucomp/z-even'
  | 'nucomp/z>0,bx=0'
  | 'nudupl/coprime'
  | 'nudupl/gcd>1'
  | 'nudupl/z=0'
  | 'nudupl/z-odd'
  | 'nudupl/z-even'
  | 'lehmer/matrix'
  | 'lehmer/division'
  | 'lehmer/last-word';

let observer: ((branch: Branch) => void) | undefined;

/** Installs the observer of the calling test, or removes it. */
export function observeBranches(next: ((branch: Branch) => void) | undefined): void {
  observer = next;
}

/** Called by the arithmetic on each branch. */
export function traceBranch(branch: Branch): void {
  if (observer !== undefined) observer(branch);
}
