// Module hooks of the simulation: the packages' imports of these modules lead to stand-ins that wrap the real ones. The stand-ins themselves
// (and nothing else) reach the real modules.
const standIns = new Map([
  ['@noble/curves/ed25519.js', './noble-ed25519.ts'],
  ['@noble/curves/secp256k1.js', './noble-secp256k1.ts'],
  ['@noble/hashes/sha3.js', './noble-sha3.ts'],
  ['@dwallet/two-pc-mpc/network', '../observed-network.ts'],
]);

/** Whose imports are led away, by the end of the folder's path. */
const importers = /\/(packages\/(sigma|class-groups|two-pc-mpc)|services\/validator|client-sdk)\/src\//;

/** @type {import('node:module').ResolveHook} */
export const resolve = (specifier, context, next) => {
  const standIn = standIns.get(specifier);
  if (standIn === undefined || context.parentURL === undefined || !importers.test(context.parentURL))
    return next(specifier, context);
  return next(new URL(standIn, import.meta.url).href, context);
};
