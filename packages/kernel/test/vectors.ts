/**
 * Published constants and vectors: class-groups.md Appendix A.1 (toy group) and A.3 (derived parameters).
 *
 * @module
 */

/** A.1: forms as (a, b, c). */
export const toy = {
  q: 1009n,
  p: 4079n,
  discriminant: -4190127170591n,
  classNumber: 3053234n,
  orderOfH: 1513n,
  f: [1018081n, 1009n, 1028928n],
  powersOfF: [
    [2n, [1018081n, 509545n, 1092684n]],
    [3n, [1018081n, 679057n, 1142160n]],
    [5n, [1018081n, -814263n, 1191740n]],
    [1008n, [1018081n, -1009n, 1028928n]],
  ],
  t0: [3n, 1n, 349177264216n],
  t: [9n, -5n, 116392421406n],
  h: [508540n, 296847n, 2103200n],
  h2: [97044n, -21353n, 10795575n],
  u: [4079n, 4079n, 256811952n],
  sk: 12345n,
  r: 54321n,
  m: 777n,
  pk: [661104n, -150287n, 1593060n],
  hTimesPk: [283201n, 63015n, 3702404n],
  c1: [135884n, 71809n, 7718502n],
  c2: [928617n, -613559n, 1229404n],
  decrypted: [1018081n, 741615n, 1163984n],
  notPrimitive: [2018n, -1009n, 519094176n],
} as const;

/** One column of A.3. Hashes are the first 16 hex digits of SHA-256 of the canonical bytes. */
export interface DerivedVector {
  readonly name: string;
  readonly bits: number;
  readonly q: bigint;
  readonly p: bigint;
  readonly l: bigint;
  /** b_l where it is published. */
  readonly bl?: bigint;
  readonly elementBytes: number;
  readonly hashes: {
    readonly h: string;
    readonly f: string;
    readonly h2: string;
    readonly h3: string;
    /** h^(2^64 + 1). */
    readonly hLong: string;
    readonly pk: string;
    readonly c1: string;
    readonly c2: string;
    /** h^-1 * pk. */
    readonly quotient: string;
  };
  /** The coefficients of h where they are published. */
  readonly formOfH?: readonly [a: bigint, b: bigint];
}

const secp256k1Order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const ed25519Order = 2n ** 252n + 27742317777372353535851937790883648493n;

export const derivedVectors: readonly DerivedVector[] = [
  {
    name: 'secp256k1, D = 1348',
    bits: 1861,
    q: secp256k1Order,
    p: 0x14bcee19a7568bb9cf4a1eaee5d4797f43329f1f8f2d21ae6524ec803ef240e88ff027238975a6a38d15d9238a81bf3b79ac7d1d702ce90d26e1c533d9c619d8722d3a3c9ff69934a4b308dc5b9d99139ff516805232d4ec8a00536ed595082c34d7c697c93a2867fb69d0c00e1aee81a48bb82b9d8f8fed5e32181dd9b729a58aa9aed4782b68b963n,
    l: 0xc78fa3790f39870388d910b67229db973915741fade626a9bfef13ab23385343n,
    bl: 0x664cfee3d862ffee5b135aa5213407045b5e0d42aa2a459cb0c8b37ea3effc43n,
    elementBytes: 234,
    hashes: {
      h: '2d5e9ba0deaae757',
      f: 'fc11cd86a5a01ffa',
      h2: '372e7a773fe2d375',
      h3: '8913005f65c834ad',
      hLong: '90887795a0239711',
      pk: '413419741450aca1',
      c1: 'eac140ba8374a57c',
      c2: '8bc93c4af41002ae',
      quotient: '1d8c41f5dbc304b7',
    },
    formOfH: [
      0xd946eea403e3e6f8e3aa9ebfc85871c5e940d610be9ee6ed4288ebc299e3b7d28f514976506513dfae625fe03ea3c17520b0553011512c74260548842f69ed546365b62c076c8e649233c3ae3df374cf2e03d660c1b887dca131b375861af303c537cf31230ac2a59c6303e0f502dc3cdcbcafb9n,
      0xaa8c32aa6671af9df57987be3cb8152fbad8471911e0fff330a20d62910d10ca537646736348176d11329f30834a1b1aae10a09d9f6e1b44cf978059a13e0d3a7e10e2ae15ffcf55171922eb5db50878762039cc112f37f6072287087a4aaf7dfd3746c5445c4d01bacab2178793264d6f23f99fn,
    ],
  },
  {
    name: 'secp256k1, D = 1827',
    bits: 2340,
    q: secp256k1Order,
    p: 0xbe24974a9958edc76d0122eb04af045178f06427da5226ce17280e5aedac5332a14a195be1d9916fcfc20dfcdde554a975e3d408cf9a727519e7383c06c720bb0fc0957357b8a369ce3beb389971eaea7bedf37a99d3ba056aba94a00d65c25cf5743465f9b507869fd51b655addde8f5a8e25b9dc73a41f117300f97b900a1360e725ec0685c3207ac52ea1ac281dd53be5d88651098d8ad7233eef1422f4597257dc20734a0b084c808382d133546b73db22dfa3730aab0da0b401b696502a2fcfc88b3n,
    l: 0xabe391c66e67a0f0c653c18f9956d7784f367bf2a3977ac1efe5cc9dcd099c33n,
    bl: 0x9e7256db151e902dba35a4ed065337d981110e21962bab83819a63afe51bc025n,
    elementBytes: 294,
    hashes: {
      h: 'b098661308c5c894',
      f: '33d9b1677eadc37d',
      h2: 'd6a3ad755f1f4c06',
      h3: 'faba9f429d3e691e',
      hLong: '394c66fae11fcb87',
      pk: 'e7b7cc795e8423d8',
      c1: 'cf4d3c012e7f91a9',
      c2: '3a6d61995a25a43c',
      quotient: '142200fb5db54a02',
    },
  },
  {
    name: 'ed25519, D = 1348',
    bits: 1852,
    q: ed25519Order,
    p: 0xa966ee96691ca3297f180aebffba0dcdfd4eae629cd50d328fcd99d9a7c78cdca5dc63b5d4b62ce6721f6f0180e6c6638a8091840e90afcb64c50c10b1cb844ffffc654d05fa29fdd499fb414a8f384f99d7479915e379a2672428e84dc6aabe2f76cd3e005e2dd4db459369eebce386c00b13b3f2ad8a439e6310be43b6445221469bf0dfc4795377n,
    l: 0x8897bc8a421b877f88ced364964c1fb8d389703a01ec4c2df2a67693ce8ffa33n,
    elementBytes: 232,
    hashes: {
      h: 'c1b43c0398ce7970',
      f: '749690c38f5e03a0',
      h2: 'bbd13f21a639de0c',
      h3: 'fea9a90077c44f07',
      hLong: '63b1aa7ff260765b',
      pk: 'cbf599fe08bbf931',
      c1: '40bda05a023b4749',
      c2: 'c6f1598a8e348886',
      quotient: 'dcffacbc1c08aa9b',
    },
  },
  {
    name: 'ed25519, D = 1827',
    bits: 2331,
    q: ed25519Order,
    p: 0x66fdd10d80bfedd60092938607e8ccfdc6f95d46fc5d7b8b0d176fbd15a363bba3ff02a93f78455016117d448eb9a09efd0648385d083b9c9ea1311ba45c0e3e96e0b9f6ebf4d9b6a5900f8748230847fb70f0c4185c93afdb6922febbd4d9550521cbd8841576e6432c0e2bc9efe9c32b3a78eacfe8a65efa4e86eb6979e32cd2055490dd3818e2513190eb29878d79b9e889d4b227dfcabee2f942e0d1422c0e38a9f8c6b9648e8f4e2ed6010d52ff31c89b5101e3d9bce49479c9587650d3a50ff0ed3bn,
    l: 0xedb635bc3b0122b5b6254659439fd2c660ca782b39f9ce9f387d2fbe31f0137fn,
    elementBytes: 292,
    hashes: {
      h: 'ac11a8f0f8c0eeac',
      f: '687f4508562ae6fc',
      h2: 'b5949216eeef6ed8',
      h3: 'c48f98f32733ac06',
      hLong: '55981ffd701ae086',
      pk: '05e9ffea36853703',
      c1: '6a69252873195a86',
      c2: '696df0a8bc0ac3b0',
      quotient: '7a18b51c251fd45b',
    },
  },
];
