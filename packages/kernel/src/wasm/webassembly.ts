/**
 * The part of the WebAssembly API that the kernel uses, typed here because neither the `dom` library nor Node's types are sure to
 * declare it.
 *
 * @module
 */

declare const moduleBrand: unique symbol;

/** A compiled module. */
export interface CompiledModule {
  readonly [moduleBrand]: 'WebAssembly.Module';
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (module: CompiledModule) => { readonly exports: object };
  compile(bytes: Uint8Array): Promise<CompiledModule>;
}

declare const WebAssembly: WebAssemblyApi;

/** The engine's WebAssembly object. */
export const webAssembly: WebAssemblyApi = WebAssembly;
