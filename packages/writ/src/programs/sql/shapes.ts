/**
 * The nodes of a tree that are understood, with every member that each may have. A node or a member that is not here makes a text
 * not understood, so that a later grammar opens nothing.
 */

interface Shape {
  /** Members that are a node with its type, or a list of them. */
  readonly nodes: readonly string[];
  /** Members that are a node without its type, which stands beside them. */
  readonly typed: readonly (readonly [member: string, type: string])[];
  /** All that there can be: also those that say nothing of what is touched. */
  readonly members: ReadonlySet<string>;
}

function shape(nodes: string, plain = '', typed: Readonly<Record<string, string>> = {}): Shape {
  const members = new Set([...words(nodes), ...words(plain), ...Object.keys(typed), 'location']);
  return { nodes: words(nodes), typed: Object.entries(typed), members };
}

function words(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}

const WITH = { withClause: 'WithClause' };
const DML = { ...WITH, relation: 'RangeVar', returningClause: 'ReturningClause' };
const OUTPUT = { output: 'JsonOutput' };
const ON = { on_empty: 'JsonBehavior', on_error: 'JsonBehavior' };

/**
 * The first version of PostgreSQL, as `server_version_num`, in which such a node is what it is here. An earlier one reads the text as
 * a call of a function, which a user may have made.
 */
export const SINCE: ReadonlyMap<string, number> = new Map([
  ...[
    'JsonObjectConstructor',
    'JsonArrayConstructor',
    'JsonArrayQueryConstructor',
    'JsonObjectAgg',
    'JsonArrayAgg',
  ].map((type): [string, number] => [type, 160_000]),
  ...['JsonTable', 'JsonFuncExpr', 'JsonParseExpr', 'JsonScalarExpr', 'JsonSerializeExpr', 'MergeSupportFunc'].map(
    (type): [string, number] => [type, 170_000],
  ),
]);

export const SHAPES: ReadonlyMap<string, Shape> = new Map(
  Object.entries({
    // Statements
    SelectStmt: shape(
      'distinctClause targetList fromClause whereClause groupClause havingClause windowClause valuesLists sortClause limitOffset limitCount lockingClause',
      'groupDistinct limitOption op all',
      { ...WITH, larg: 'SelectStmt', rarg: 'SelectStmt' },
    ),
    InsertStmt: shape('cols selectStmt', 'override', { ...DML, onConflictClause: 'OnConflictClause' }),
    UpdateStmt: shape('targetList whereClause fromClause', '', DML),
    DeleteStmt: shape('usingClause whereClause', '', DML),
    MergeStmt: shape('sourceRelation joinCondition mergeWhenClauses', '', DML),
    MergeWhenClause: shape('condition targetList values', 'matchKind commandType override'),
    ReturningClause: shape('options exprs'),
    ReturningOption: shape('', 'option value'),
    OnConflictClause: shape('targetList whereClause', 'action', { infer: 'InferClause' }),
    InferClause: shape('indexElems whereClause', 'conname'),
    IndexElem: shape('expr', 'name indexcolname collation ordering nulls_ordering'),
    WithClause: shape('ctes', 'recursive'),
    CommonTableExpr: shape('ctequery', 'ctename aliascolnames ctematerialized', {
      search_clause: 'CTESearchClause',
      cycle_clause: 'CTECycleClause',
    }),
    CTESearchClause: shape('', 'search_col_list search_breadth_first search_seq_column'),
    CTECycleClause: shape('cycle_mark_value cycle_mark_default', 'cycle_col_list cycle_mark_column cycle_path_column'),
    LockingClause: shape('', 'lockedRels strength waitPolicy'),
    // From
    RangeVar: shape('', 'catalogname schemaname relname inh relpersistence alias'),
    RangeSubselect: shape('subquery', 'lateral alias'),
    RangeFunction: shape('functions coldeflist', 'lateral ordinality is_rowsfrom alias'),
    RangeTableFunc: shape('docexpr rowexpr namespaces columns', 'lateral alias'),
    RangeTableFuncCol: shape('colexpr coldefexpr', 'colname for_ordinality is_not_null', { typeName: 'TypeName' }),
    RangeTableSample: shape('relation args repeatable', 'method'),
    JoinExpr: shape('larg rarg quals', 'jointype isNatural usingClause join_using_alias alias rtindex'),
    ColumnDef: shape('', 'colname is_local', { typeName: 'TypeName', collClause: 'CollateClause' }),
    JsonTable: shape('passing columns', 'lateral alias', {
      context_item: 'JsonValueExpr',
      pathspec: 'JsonTablePathSpec',
      on_error: 'JsonBehavior',
    }),
    JsonTableColumn: shape('columns', 'coltype name wrapper quotes', {
      typeName: 'TypeName',
      pathspec: 'JsonTablePathSpec',
      format: 'JsonFormat',
      ...ON,
    }),
    JsonTablePathSpec: shape('string', 'name name_location'),
    // Expressions
    ResTarget: shape('indirection val', 'name'),
    ColumnRef: shape('', 'fields'),
    ParamRef: shape('', 'number'),
    A_Const: shape('', 'ival fval boolval sval bsval isnull'),
    A_Star: shape(''),
    A_Indices: shape('lidx uidx', 'is_slice'),
    A_Indirection: shape('arg indirection'),
    A_ArrayExpr: shape('elements', 'list_start list_end'),
    A_Expr: shape('lexpr rexpr', 'kind name rexpr_list_start rexpr_list_end'),
    BoolExpr: shape('args', 'boolop'),
    NullTest: shape('arg', 'nulltesttype argisrow'),
    BooleanTest: shape('arg', 'booltesttype'),
    CaseExpr: shape('arg args defresult'),
    CaseWhen: shape('expr result'),
    CoalesceExpr: shape('args'),
    MinMaxExpr: shape('args', 'op'),
    RowExpr: shape('args', 'row_format colnames'),
    SubLink: shape('testexpr subselect', 'subLinkType subLinkId operName'),
    FuncCall: shape(
      'args agg_order agg_filter',
      'funcname agg_within_group agg_star agg_distinct func_variadic funcformat',
      { over: 'WindowDef' },
    ),
    NamedArgExpr: shape('arg', 'name argnumber'),
    MergeSupportFunc: shape('', 'msftype'),
    SQLValueFunction: shape('', 'op typmod'),
    TypeCast: shape('arg', '', { typeName: 'TypeName' }),
    TypeName: shape('typmods', 'names typemod arrayBounds'),
    CollateClause: shape('arg', 'collname'),
    SetToDefault: shape(''),
    MultiAssignRef: shape('source', 'colno ncolumns'),
    SortBy: shape('node', 'sortby_dir sortby_nulls useOp'),
    WindowDef: shape('partitionClause orderClause startOffset endOffset', 'name refname frameOptions'),
    GroupingFunc: shape('args', 'refs'),
    GroupingSet: shape('content', 'kind'),
    List: shape('items'),
    String: shape('', 'sval'),
    Integer: shape('', 'ival'),
    Float: shape('', 'fval'),
    Boolean: shape('', 'boolval'),
    BitString: shape('', 'bsval'),
    XmlExpr: shape('named_args args', 'op name arg_names xmloption indent'),
    XmlSerialize: shape('expr', 'xmloption indent', { typeName: 'TypeName' }),
    JsonOutput: shape('', '', { typeName: 'TypeName', returning: 'JsonReturning' }),
    JsonReturning: shape('', 'typmod', { format: 'JsonFormat' }),
    JsonFormat: shape('', 'format_type encoding'),
    JsonValueExpr: shape('raw_expr formatted_expr', '', { format: 'JsonFormat' }),
    JsonFuncExpr: shape('pathspec passing', 'op column_name wrapper quotes', {
      ...{ ...OUTPUT, ...ON },
      context_item: 'JsonValueExpr',
    }),
    JsonBehavior: shape('expr', 'btype coerce'),
    JsonArgument: shape('', 'name', { val: 'JsonValueExpr' }),
    JsonKeyValue: shape('key', '', { value: 'JsonValueExpr' }),
    JsonObjectConstructor: shape('exprs', 'absent_on_null unique', OUTPUT),
    JsonArrayConstructor: shape('exprs', 'absent_on_null', OUTPUT),
    JsonArrayQueryConstructor: shape('query', 'absent_on_null', { ...OUTPUT, format: 'JsonFormat' }),
    JsonAggConstructor: shape('agg_filter agg_order', '', { ...OUTPUT, over: 'WindowDef' }),
    JsonObjectAgg: shape('', 'absent_on_null unique', { constructor: 'JsonAggConstructor', arg: 'JsonKeyValue' }),
    JsonArrayAgg: shape('', 'absent_on_null', { constructor: 'JsonAggConstructor', arg: 'JsonValueExpr' }),
    JsonParseExpr: shape('', 'unique_keys', { ...OUTPUT, expr: 'JsonValueExpr' }),
    JsonScalarExpr: shape('expr', '', OUTPUT),
    JsonSerializeExpr: shape('', '', { ...OUTPUT, expr: 'JsonValueExpr' }),
    JsonIsPredicate: shape('expr', 'item_type unique_keys', { format: 'JsonFormat' }),
  }),
);
