import { type DescField, ScalarType } from '@bufbuild/protobuf';

/** The way values of one type are read and written. */
export interface Scalar {
  /** The wire type of Protobuf. */
  wireType: 0 | 1 | 2;
  /** Of a BinaryReader, with its arguments. */
  read: string;
  /** Of a Writer. */
  write: 'bool' | 'bytes' | 'double' | 'int32' | 'string' | 'uint32';
  /** The value of a field that was not given. */
  zero: string;
  /** Completes, after a field's name, the condition that it has another value. */
  isSet: string;
  /** The ending of `readPacked…` and `packed…`; absent: lists of it are not packed. */
  packed?: 'Doubles' | 'Int32' | 'Uint32';
}

const INT32: Scalar = { wireType: 0, read: 'int32()', write: 'int32', zero: '0', isSet: ' !== 0', packed: 'Int32' };

const SCALARS: Partial<Record<ScalarType, Scalar>> = {
  [ScalarType.BOOL]: { wireType: 0, read: 'bool()', write: 'bool', zero: 'false', isSet: '' },
  [ScalarType.BYTES]: { wireType: 2, read: 'bytes()', write: 'bytes', zero: 'new Uint8Array(0)', isSet: '.length > 0' },
  [ScalarType.DOUBLE]: {
    wireType: 1,
    read: 'double()',
    write: 'double',
    zero: '0',
    isSet: ' !== 0',
    packed: 'Doubles',
  },
  [ScalarType.INT32]: INT32,
  [ScalarType.STRING]: { wireType: 2, read: 'string(true)', write: 'string', zero: "''", isSet: " !== ''" },
  [ScalarType.UINT32]: {
    wireType: 0,
    read: 'uint32()',
    write: 'uint32',
    zero: '0',
    isSet: ' !== 0',
    packed: 'Uint32',
  },
};

/**
 * Returns how values of a field are read and written that is no message.
 *
 * @throws Error for a type that no field had yet: it wants a row of this table, and where need be a method of Writer
 */
export function scalarOf(field: DescField): Scalar {
  if (field.enum !== undefined) return INT32;
  const scalar = field.scalar === undefined || field.fieldKind === 'map' ? undefined : SCALARS[field.scalar];
  if (scalar === undefined) throw new Error(`${field.toString()}: tools/codec has no code for its type yet`);
  return scalar;
}
