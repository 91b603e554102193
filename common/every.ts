/**
 * Type of an object that names every field of T, undefined where it is absent. A copy by name is declared as one: where
 * it forgets a field, one that may be absent too, it does not compile.
 */
export type Every<T> = { [K in keyof Required<T>]: T[K] };

/** Holds where nothing is left over: `None<Exclude<keyof A, keyof B>>` compiles if B has all fields of A. */
export type None<T extends never> = T;
