// The codes of mistakes that the schema finds in one value, as a type; src/config/codes/value-codes.ts explains them (O5).

export type SchemaCode =
  | 'CH1101'
  | 'CH1102'
  | 'CH1103'
  | 'CH1104'
  | 'CH1105'
  | 'CH1106'
  | 'CH1107'
  | 'CH1108'
  | 'CH1109'
  | 'CH1110'
  | 'CH1111'
  | 'CH1112'
  | 'CH1113'
  | 'CH1114'
  | 'CH1115'
  | 'CH1117'
  | 'CH1118'
  | 'CH1119'
  | 'CH1120'
  | 'CH1121'
  | 'CH1122';
