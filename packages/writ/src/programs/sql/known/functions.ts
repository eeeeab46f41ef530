/**
 * The functions of `pg_catalog` without an effect: every overload of each reads its arguments, settings, the clock or random
 * numbers, and nothing else. The oracle's test compares them with a server. A function that is not here makes a text not
 * understood: it may read files, run texts as SQL (`query_to_xml`, `ts_stat`), or change settings, sequences and sessions.
 */
export const HARMLESS_FUNCTIONS: ReadonlySet<string> = new Set(
  [
    // Aggregates and windows
    'any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank every',
    'first_value json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict',
    'jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict',
    'lag last_value lead max min mode nth_value ntile percent_rank percentile_cont percentile_disc range_agg range_intersect_agg',
    'rank regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number stddev stddev_pop',
    'stddev_samp string_agg sum var_pop var_samp variance xmlagg',
    // Numbers
    'abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees div erf',
    'erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod numeric_inc pi pow power radians random random_normal',
    'round scale sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket to_bin to_hex to_oct bit_count crc32 crc32c',
    // Texts
    'ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from convert_to decode encode',
    'format get_bit get_byte initcap is_normalized left length like like_escape lower lpad ltrim md5 normalize notlike octet_length',
    'overlay parse_ident position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match',
    'regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim',
    'set_bit set_byte sha224 sha256 sha384 sha512 similar_escape similar_to_escape split_part starts_with string_to_array',
    'string_to_table strpos substr substring to_ascii translate unicode_assigned unistr upper',
    // Dates and times
    'age clock_timestamp date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days justify_hours',
    'justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps statement_timestamp timeofday',
    'timezone to_char to_date to_number to_timestamp transaction_timestamp',
    // Functions that are casts
    'bit bool box bpchar bytea char cidr circle date float4 float8 int2 int4 int8 interval lseg macaddr macaddr8 money name',
    'numeric oid path point polygon text time timestamp timestamptz timetz varbit varchar xml',
    // Arrays and ranges
    'array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions array_prepend',
    'array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_json array_to_string array_upper',
    'cardinality generate_series generate_subscripts trim_array unnest datemultirange daterange int4multirange int4range',
    'int8multirange int8range isempty lower_inc lower_inf multirange nummultirange numrange range_merge tsmultirange tsrange',
    'tstzmultirange tstzrange upper_inc upper_inf',
    // JSON and XML
    'json_array_element json_array_element_text json_array_elements json_array_elements_text json_array_length json_build_array',
    'json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object json_object_field',
    'json_object_field_text json_object_keys json_populate_record json_populate_recordset json_strip_nulls json_to_record',
    'json_to_recordset json_typeof jsonb_array_element jsonb_array_element_text jsonb_array_elements jsonb_array_elements_text',
    'jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_contains jsonb_delete jsonb_delete_path jsonb_each',
    'jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path jsonb_extract_path_text jsonb_insert',
    'jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query',
    'jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz',
    'jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record',
    'jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb xml_is_well_formed xml_is_well_formed_content',
    'xml_is_well_formed_document xmlcomment xmlexists xmltext xpath xpath_exists',
    // Search in texts
    'array_to_tsvector json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery',
    'to_tsvector ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsquery_phrase tsvector_to_array websearch_to_tsquery',
    // Networks, geometry, identifiers
    'abbrev area broadcast center diagonal diameter family gen_random_uuid height host hostmask inet_merge inet_same_family isclosed',
    'isopen masklen netmask network npoints pclose popen radius set_masklen slope uuid_extract_timestamp uuid_extract_version uuidv4',
    'uuidv7 width enum_first enum_last enum_range',
    // The session and the types of values
    'current_database current_schema current_schemas current_setting format_type num_nonnulls num_nulls pg_client_encoding',
    'pg_collation_for pg_column_size pg_size_bytes pg_size_pretty pg_typeof version',
  ].flatMap((line) => line.split(' ')),
);
