/** The schemas that are of users. */
const OWN = "nspname !~ '^pg_' and nspname <> 'information_schema'";

/** Returns a query whose one column is the rows of another as a JSON array. */
function rows(query: string): string {
  return `(select coalesce(json_agg(r), '[]') from (${query}) r)`;
}

const EXTENSION = (catalog: string, oid: string): string =>
  `(select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
     where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e' limit 1) as extension`;

const RELATIONS = `select c.oid, c.relname, c.relnamespace, c.relkind, c.relowner, c.relacl::text[], c.relrowsecurity,
    c.relforcerowsecurity, c.reloptions, c.relispartition
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where ${OWN} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')`;

const COLUMNS = `select a.attrelid, a.attnum, a.attname, a.attacl::text[], a.atttypid, a.attgenerated, a.attidentity,
    pg_get_expr(d.adbin, d.adrelid) as adsrc,
    array(select p.refobjid from pg_depend p join pg_class s on s.oid = p.refobjid and s.relkind = 'S'
        where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_class'::regclass
      union select p.objid from pg_depend p join pg_class s on s.oid = p.objid and s.relkind = 'S'
        where p.classid = 'pg_class'::regclass and p.refclassid = 'pg_class'::regclass and p.deptype = 'i'
          and p.refobjid = a.attrelid and p.refobjsubid = a.attnum) as sequences
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where ${OWN} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and a.attnum > 0 and not a.attisdropped`;

const FUNCTIONS = `select p.oid, p.proname, p.pronamespace, p.proowner, p.prosecdef, p.proacl::text[], p.proconfig, p.prokind,
    p.provolatile, l.lanname, md5(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) || coalesce(p.proconfig::text, '')) as body,
    ${EXTENSION('pg_proc', 'p.oid')}
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang where ${OWN}`;

const EXPRESSIONS = `select conrelid as relid, pg_get_expr(conbin, conrelid) as expr from pg_constraint k
    join pg_namespace n on n.oid = k.connamespace where ${OWN} and contype = 'c' and conrelid <> 0
  union all select indrelid, pg_get_expr(indexprs, indrelid) from pg_index i join pg_class c on c.oid = i.indrelid
    join pg_namespace n on n.oid = c.relnamespace where ${OWN} and indexprs is not null
  union all select indrelid, pg_get_expr(indpred, indrelid) from pg_index i join pg_class c on c.oid = i.indrelid
    join pg_namespace n on n.oid = c.relnamespace where ${OWN} and indpred is not null
  union all select partrelid, pg_get_expr(partexprs, partrelid) from pg_partitioned_table i join pg_class c on c.oid = i.partrelid
    join pg_namespace n on n.oid = c.relnamespace where ${OWN} and partexprs is not null
  union all select stxrelid, pg_get_expr(stxexprs, stxrelid) from pg_statistic_ext i
    join pg_namespace n on n.oid = i.stxnamespace where ${OWN} and stxexprs is not null`;

const TYPES = `select t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype, t.typrelid,
    coalesce(nullif(t.typelem, 0), (select rngsubtype from pg_range where t.oid in (rngtypid, rngmultitypid)), 0) as inner,
    (select b.typname from pg_type b where b.oid = t.typbasetype and b.typnamespace = 'pg_catalog'::regnamespace) as basename,
    array(select pg_get_expr(k.conbin, 0) from pg_constraint k where k.contypid = t.oid and k.contype = 'c'
      union all select pg_get_expr(t.typdefaultbin, 0) where t.typdefaultbin is not null) as checks,
    ${EXTENSION('pg_type', 't.oid')}
  from pg_type t join pg_namespace n on n.oid = t.typnamespace where ${OWN}`;

const TRIGGERS = `select t.tgrelid, t.tgname, t.tgtype, t.tgenabled,
    array(select distinct f from (select t.tgfoid as f union all select d.refobjid from pg_depend d
      where d.classid = 'pg_trigger'::regclass and d.objid = t.oid and d.refclassid = 'pg_proc'::regclass) x) as functions
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid
  where not t.tgisinternal or (t.tgparentid <> 0 and p.pronamespace <> 'pg_catalog'::regnamespace)`;

const CATALOG: Readonly<Record<string, string>> = {
  roles: `select oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
    from pg_roles`,
  members: 'select roleid, member, admin_option, inherit_option, set_option, grantor from pg_auth_members',
  databases: 'select oid, datname, datdba, datacl::text[] from pg_database',
  schemas: "select oid, nspname, nspowner, nspacl::text[] from pg_namespace where nspname !~ '^pg_(toast|temp)'",
  defaultAcl: 'select defaclrole, defaclnamespace, defaclobjtype, defaclacl::text[] from pg_default_acl',
  relations: RELATIONS,
  columns: COLUMNS,
  views: `select c.oid, pg_get_viewdef(c.oid) as def from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${OWN} and c.relkind in ('v', 'm')`,
  inherits:
    "select i.inhrelid, i.inhparent from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relkind in ('r', 'p', 'f')",
  foreignKeys: `select conname, conrelid, confrelid, conkey, confkey, confdeltype, confupdtype from pg_constraint
    where contype = 'f'`,
  expressions: EXPRESSIONS,
  triggers: TRIGGERS,
  rules: "select ev_class, rulename, ev_type from pg_rewrite where rulename <> '_RETURN' and ev_class >= 16384",
  policies: `select polname, polrelid, polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid) as qual,
    pg_get_expr(polwithcheck, polrelid) as withcheck from pg_policy`,
  functions: FUNCTIONS,
  types: TYPES,
  operators: `select o.oprname, o.oprnamespace, o.oprcode::oid, (select provolatile from pg_proc p where p.oid = o.oprcode) as volatility
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
    where ${OWN}`,
  casts:
    'select format_type(castsource, null) as source, format_type(casttarget, null) as target, castfunc, (select provolatile from pg_proc p where p.oid = castfunc) as volatility from pg_cast where oid >= 16384 and castfunc <> 0',
};

const MEMBERS = Object.entries(CATALOG)
  .map(([name, query]) => `'${name}', ${rows(query)}`)
  .join(',\n    ');

/**
 * The query that makes a catalogue snapshot: one row with one column of JSON. It reads catalogs alone, and needs no more than
 * CONNECT. `writ import --postgres-catalog --query` prints it.
 */
export const CATALOGUE_QUERY = `select json_build_object(
  'format', 'writ/postgres-catalogue', 'version', 1,
  'server', json_build_object('version', current_setting('server_version_num')::int, 'database', current_database(),
    'searchPath', current_schemas(false)),
  'catalog', json_build_object(
    ${MEMBERS}))::text as catalogue`;
