import type { Diagnosis } from "./diagnosis.ts";

/** What is wrong with a value; names as ajv has them. */
export interface SchemaError {
  readonly keyword: string;
  /** Where, as a JSON pointer. */
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly data?: unknown;
}

interface Validate {
  (value: unknown): value is Diagnosis;
  errors?: readonly SchemaError[] | null;
}

/** The check of a record by `DIAGNOSIS_SCHEMA`; errors are on it afterwards, as ajv leaves them. */
export const validate: Validate;
