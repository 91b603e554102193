import { bigint, customType } from 'drizzle-orm/mysql-core';

/**
 * Text that callers name things by. It compares byte for byte, trailing blanks included, and with text of any
 * characters. No character set and collation of MySQL 8 and MariaDB alike do that, so it is kept as bytes; read it in a
 * client with `CONVERT(alias USING utf8mb4)`.
 */
export const exactText = customType<{ data: string; driverData: Buffer; config: { bytes: number } }>({
  dataType: (config) => `varbinary(${config?.bytes ?? 255})`,
  fromDriver: (value) => value.toString(),
  toDriver: (value) => Buffer.from(value),
});

/** Text that we make ourselves of ASCII characters, compared byte for byte. */
export const asciiText = customType<{ data: string; config: { length: number } }>({
  dataType: (config) => `varchar(${config?.length ?? 64}) character set ascii collate ascii_bin`,
});

/** Text for people, whatever the database's own character set is. */
export const freeText = customType<{ data: string; config: { length: number } }>({
  dataType: (config) => `varchar(${config?.length ?? 255}) character set utf8mb4`,
});

/** Text for people that may be long. */
export const longText = customType<{ data: string }>({ dataType: () => 'longtext character set utf8mb4' });

/** Milliseconds since the Unix epoch, or an id below 2^53. */
export const number53 = (name: string) => bigint(name, { mode: 'number' });
