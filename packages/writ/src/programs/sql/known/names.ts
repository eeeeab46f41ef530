/** Names of `pg_catalog` (PostgreSQL 18) that a text may use. The oracle's test compares them with a server. */

/** The types whose input does nothing but read a text; also the names that name a relation, a function or a role by its number. */
export const KNOWN_TYPES: ReadonlySet<string> = new Set(
  [
    'bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 float8 inet int2 int4 int4multirange int4range',
    'int8 int8multirange int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money name numeric nummultirange numrange',
    'oid path pg_lsn point polygon regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure',
    'regrole regtype text tid time timestamp timestamptz timetz tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector uuid',
    'varbit varchar xid xid8 xml',
  ].flatMap((line) => line.split(' ')),
);

/** The operators that PostgreSQL has; another one is of a user or an extension. */
export const KNOWN_OPERATORS: ReadonlySet<string> = new Set(
  [
    '!! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <> <@ <^ = > >= >> >>=',
    '>^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~ ~~*',
  ].flatMap((line) => line.split(' ')),
);

/** The methods of TABLESAMPLE without code of others. */
export const KNOWN_SAMPLINGS: ReadonlySet<string> = new Set(['bernoulli', 'system']);

/** The relations of `pg_catalog` that can be read. Those that show files of the server (`pg_hba_file_rules`) are not here. */
export const SYSTEM_RELATIONS: ReadonlySet<string> = new Set(
  [
    'aggregate am amop amproc attrdef attribute auth_members authid cast class collation constraint conversion database db_role_setting',
    'default_acl depend description enum event_trigger extension foreign_data_wrapper foreign_server foreign_table index inherits',
    'init_privs language largeobject largeobject_metadata namespace opclass operator opfamily parameter_acl partitioned_table policy',
    'proc publication publication_namespace publication_rel range replication_origin rewrite seclabel sequence shdepend shdescription',
    'shseclabel statistic statistic_ext statistic_ext_data subscription subscription_rel tablespace transform trigger ts_config',
    'ts_config_map ts_dict ts_parser ts_template type user_mapping',
    'aios available_extension_versions available_extensions backend_memory_contexts config cursors group indexes locks matviews policies',
    'prepared_statements prepared_xacts publication_tables replication_origin_status replication_slots roles rules seclabels sequences',
    'settings shadow shmem_allocations shmem_allocations_numa stat_activity stat_all_indexes stat_all_tables stat_archiver stat_bgwriter',
    'stat_checkpointer stat_database stat_database_conflicts stat_gssapi stat_io stat_progress_analyze stat_progress_basebackup',
    'stat_progress_cluster stat_progress_copy stat_progress_create_index stat_progress_vacuum stat_recovery_prefetch stat_replication',
    'stat_replication_slots stat_slru stat_ssl stat_subscription stat_subscription_stats stat_sys_indexes stat_sys_tables',
    'stat_user_functions stat_user_indexes stat_user_tables stat_wal stat_wal_receiver stat_xact_all_tables stat_xact_sys_tables',
    'stat_xact_user_functions stat_xact_user_tables statio_all_indexes statio_all_sequences statio_all_tables statio_sys_indexes',
    'statio_sys_sequences statio_sys_tables statio_user_indexes statio_user_sequences statio_user_tables stats stats_ext',
    'stats_ext_exprs tables timezone_abbrevs timezone_names user user_mappings views wait_events',
  ]
    .flatMap((line) => line.split(' '))
    .map((name) => `pg_${name}`),
);

/** The columns that every table has beside its own. */
export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['cmax', 'cmin', 'ctid', 'tableoid', 'xmax', 'xmin']);
