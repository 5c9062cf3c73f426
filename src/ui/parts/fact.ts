/** Label, value and where more of it is shown; a value that is null leaves the row out. */
export type Fact = [label: string, value: string | null, href?: string]
