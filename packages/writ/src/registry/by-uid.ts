import type { EntityUid } from '@writ/cedar';
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';

/** For tables that are read in the order of their type and id: the rows behind a uid. */
export function isBehind({ type, id }: EntityUid) {
  return <DB, TB extends keyof DB>(where: ExpressionBuilder<DB, TB>): Expression<SqlBool> => {
    const column = where as unknown as ExpressionBuilder<{ rows: { type: string; id: string } }, 'rows'>;
    return column.or([column('type', '>', type), column.and([column('type', '=', type), column('id', '>', id)])]);
  };
}
