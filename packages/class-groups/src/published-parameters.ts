/**
 * Published parameters of the secp256k1 class groups (CG Appendix A.3): the output of the transparent derivation of CG 2.3, which a test
 * repeats in full. Start-up compares and recomputes h from (l, b_l); nobody could have chosen these numbers.
 *
 * @module
 */

export interface PublishedParameters {
  readonly p: bigint;
  /** Prime form (l, b_l, .) whose square's q-th power is h. */
  readonly l: bigint;
  readonly bl: bigint;
  /** 0-based counters of the derivation. */
  readonly counterP: number;
  readonly counterH: number;
}

/** Keyed by D. */
export const publishedSecp256k1: Readonly<Record<number, PublishedParameters>> = {
  1348: {
    p: 0x14bcee19a7568bb9cf4a1eaee5d4797f43329f1f8f2d21ae6524ec803ef240e88ff027238975a6a38d15d9238a81bf3b79ac7d1d702ce90d26e1c533d9c619d8722d3a3c9ff69934a4b308dc5b9d99139ff516805232d4ec8a00536ed595082c34d7c697c93a2867fb69d0c00e1aee81a48bb82b9d8f8fed5e32181dd9b729a58aa9aed4782b68b963n,
    l: 0xc78fa3790f39870388d910b67229db973915741fade626a9bfef13ab23385343n,
    bl: 0x664cfee3d862ffee5b135aa5213407045b5e0d42aa2a459cb0c8b37ea3effc43n,
    counterP: 95,
    counterH: 65,
  },
  1827: {
    p: 0xbe24974a9958edc76d0122eb04af045178f06427da5226ce17280e5aedac5332a14a195be1d9916fcfc20dfcdde554a975e3d408cf9a727519e7383c06c720bb0fc0957357b8a369ce3beb389971eaea7bedf37a99d3ba056aba94a00d65c25cf5743465f9b507869fd51b655addde8f5a8e25b9dc73a41f117300f97b900a1360e725ec0685c3207ac52ea1ac281dd53be5d88651098d8ad7233eef1422f4597257dc20734a0b084c808382d133546b73db22dfa3730aab0da0b401b696502a2fcfc88b3n,
    l: 0xabe391c66e67a0f0c653c18f9956d7784f367bf2a3977ac1efe5cc9dcd099c33n,
    bl: 0x9e7256db151e902dba35a4ed065337d981110e21962bab83819a63afe51bc025n,
    counterP: 774,
    counterH: 87,
  },
};
