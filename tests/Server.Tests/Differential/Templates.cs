namespace RedisClone.Server.Tests.Differential;

/// <summary>
/// The commands that sequences are made of: weight, then a <see cref="Template"/>. SET gets no deadline in the past: a
/// key that is over, and not yet removed, is counted by DBSIZE for as long as it pleases the server.
/// </summary>
public static class Templates
{
    private const string Lines =
        """
        20 SET $string $value
        15 SET $string $value [NX|XX|GET|KEEPTTL|EX $seconds|PX $milliseconds|EXAT $later|PXAT $later-ms|$junk]*
        10 GET $string
        8 APPEND $string $value
        4 GETSET $string $value
        4 GETDEL $string
        8 GETEX $string [EX $seconds|PX $milliseconds|EXAT $at|PXAT $at-ms|PERSIST|$junk]*
        6 GETRANGE $string $index $index
        2 SUBSTR $string $index $index
        6 SETRANGE $string $index $value
        4 STRLEN $string
        6 INCR $string
        6 DECR $string
        8 INCRBY $string $integer
        6 DECRBY $string $integer
        12 INCRBYFLOAT $string ($float|$integer)
        4 MGET ($key)+
        4 MSET ($key $value)+
        3 MSETNX ($key $value)+
        4 SETNX $string $value
        3 SETEX $string $seconds $value
        3 PSETEX $string $milliseconds $value
        8 SETBIT $string $bit (0|1|0|1|$junk)
        6 GETBIT $string $bit
        6 BITCOUNT $string
        6 BITCOUNT $existing $index $index [BYTE|BIT|$junk]
        8 BITPOS $existing (0|1) [$index|$index $index|$index $index BIT|$index $index BYTE]
        4 BITOP (AND|OR|XOR|NOT) $string ($string)+
        4 BITFIELD $string (GET $type $bit|SET $type $bit $integer|INCRBY $type $bit $integer|OVERFLOW WRAP|OVERFLOW SAT|OVERFLOW FAIL|$junk)+
        2 BITFIELD_RO $string (GET $type $bit|SET $type $bit 1|$junk)+
        10 PFADD $hll ($element)+
        1 PFADD $hll
        8 PFCOUNT ($hll)+
        4 PFMERGE ($hll)+
        2 PFDEBUG (ENCODING|DECODE|TODENSE|GETREG|FOO) $hll
        2 SETRANGE $hll (0|4|5|12|14) (a|H)
        2 CONFIG SET hll-sparse-max-bytes (3000|40|60|100|0)
        6 LCS $string $string [LEN|IDX|MINMATCHLEN $count|WITHMATCHLEN]*
        25 HSET $hash ($field $value)+
        4 HMSET $hash ($field $value)+
        6 HSETNX $hash $field $value
        8 HGET $hash $field
        4 HMGET $hash ($field)+
        6 HGETALL $hash
        3 HKEYS $hash
        3 HVALS $hash
        3 HLEN $hash
        3 HEXISTS $hash $field
        3 HSTRLEN $hash $field
        10 HDEL $hash ($field)+
        8 HINCRBY $hash $field $integer
        10 HINCRBYFLOAT $hash $field ($float|$integer)
        5 HRANDFIELD $hash [$count [WITHVALUES]]
        4 HSCAN $hash $cursor [MATCH $pattern|COUNT 2|COUNT 100|COUNT $junk|$junk]*
        20 ZADD $zset ($score $member)+
        6 ZADD $zset [NX|XX|GT|LT|CH]* ($score $member)+
        5 ZADD $zset [NX|XX|GT|LT] INCR $score $member
        5 ZINCRBY $zset $score $member
        6 ZREM $zset ($member)+
        2 ZCARD $zset
        4 ZSCORE $zset $member
        3 ZMSCORE $zset ($member)+
        4 (ZRANK|ZREVRANK) $zset $member
        6 ZRANGE $zset $index $index [REV|WITHSCORES]*
        6 ZRANGE $zset $bound $bound BYSCORE [REV|WITHSCORES|LIMIT $index $index]*
        4 (ZRANGEBYSCORE|ZREVRANGEBYSCORE) $zset $bound $bound [WITHSCORES|LIMIT $index $index]*
        3 ZREVRANGE $zset $index $index [WITHSCORES]
        3 ZCOUNT $zset $bound $bound
        3 ZRANGESTORE $zset $zset $index $index [REV]
        2 ZRANGESTORE $zset $zset $bound $bound BYSCORE [LIMIT $index $index]
        2 ZREMRANGEBYRANK $zset $index $index
        2 ZREMRANGEBYSCORE $zset $bound $bound
        3 (ZPOPMIN|ZPOPMAX) $zset [$count]
        3 ZMPOP 2 $zset $zset (MIN|MAX) [COUNT $count]
        5 (ZUNION|ZINTER) 2 $zset $zset [WEIGHTS $score $score|AGGREGATE SUM|AGGREGATE MIN|AGGREGATE MAX|WITHSCORES]*
        4 (ZUNIONSTORE|ZINTERSTORE) $zset 2 $zset $zset [WEIGHTS $score $score|AGGREGATE SUM|AGGREGATE MIN|AGGREGATE MAX]*
        3 ZDIFF 2 $zset $zset [WITHSCORES]
        3 ZDIFFSTORE $zset 2 $zset $zset
        2 ZINTERCARD 2 $zset $zset [LIMIT $count]
        8 GEOADD $zset [NX|XX|CH]* ($longitude $latitude $member)+
        3 GEODIST $zset $member $member [M|km|FT|mi|$junk]
        3 GEOPOS $zset ($member)+
        3 GEOHASH $zset ($member)+
        4 GEOSEARCH $zset FROMMEMBER $member BYRADIUS $radius km [ASC|DESC] [WITHCOORD|WITHDIST|WITHHASH]*
        4 GEOSEARCH $zset FROMLONLAT $longitude $latitude BYBOX $radius $radius km ASC [WITHCOORD|WITHDIST|WITHHASH]*
        2 GEOSEARCHSTORE $zset $zset FROMLONLAT $longitude $latitude BYRADIUS $radius km [STOREDIST]
        25 SADD $set ($member)+
        10 SREM $set ($member)+
        6 SMOVE $set $set $member
        4 SCARD $set
        4 SISMEMBER $set $member
        4 SMISMEMBER $set ($member)+
        6 SMEMBERS $set
        6 SINTER ($set)+
        6 SUNION ($set)+
        6 SDIFF ($set)+
        4 SINTERSTORE $set ($set)+
        4 SUNIONSTORE $set ($set)+
        4 SDIFFSTORE $set ($set)+
        4 SINTERCARD (1 $set|2 $set $set|3 $set $set $set|$count $set $set|$junk $set) [LIMIT $count|LIMIT $junk|$junk]*
        5 SRANDMEMBER $set [$count]
        3 SPOP $set (0|100|-1|$junk)
        4 SSCAN $set $cursor [MATCH $pattern|COUNT 2|COUNT 100|COUNT $junk|$junk]*
        12 LPUSH $list ($member)+
        16 RPUSH $list ($member)+
        3 LPUSHX $list ($member)+
        3 RPUSHX $list ($member)+
        6 LPOP $list [$count|$junk]
        6 RPOP $list [$count|$junk]
        3 LLEN $list
        4 LINDEX $list ($index|$junk)
        6 LINSERT $list (BEFORE|AFTER|$junk) $member $member
        6 LRANGE $list $index $index
        8 LREM $list ($count|$index|$junk) $member
        6 LSET $list ($index|$junk) $member
        4 LTRIM $list $index $index
        8 LPOS $list $member [RANK $index|COUNT $count|MAXLEN $count|RANK $junk|COUNT $junk|$junk]*
        8 LMOVE $list $list (LEFT|RIGHT|$junk) (LEFT|RIGHT)
        4 RPOPLPUSH $list $list
        6 LMPOP (1 $list|2 $list $list|3 $list $list $list|$count $list $list|$junk $list) (LEFT|RIGHT|$junk) [COUNT $count|COUNT $junk|$junk]
        8 SORT ($list|$set|$zset) [BY $weight|GET #|GET $weight|LIMIT $index $count|ASC|DESC|STORE $list|$junk]*
        6 SORT ($list|$set|$zset) ALPHA STORE $key [GET #|GET $weight|LIMIT $index $count|ASC|DESC]*
        4 (SORT|SORT_RO) ($list|$set|$zset) ALPHA [BY $weight|BY nosort|GET #|GET $weight|ASC|DESC]*
        3 SORT ($list|$set|$zset) BY nosort [LIMIT $index $count|GET $weight|ASC|DESC]*
        2 SORT $set STORE $list BY nosort [LIMIT $index $count|DESC]
        2 SORT_RO ($list|$set|$zset) [BY $weight|GET #|GET $weight|LIMIT $index $count|STORE $list|$junk]*
        2 COMMAND GETKEYS SORT $list [BY $weight|GET $weight|LIMIT $index $count|STORE $key|STORE|$junk]*
        40 XADD $stream $new-id ($field $value)+
        6 XADD $stream [NOMKSTREAM] [MAXLEN|MINID] [=|~] $much [LIMIT $much] $new-id $field $value
        3 XLEN $stream
        8 XRANGE $stream $end $end [COUNT $count|$junk]
        8 XREVRANGE $stream $end $end [COUNT $count|$junk]
        10 XDEL $stream ($id)+
        8 XTRIM $stream (MAXLEN|MINID) [=|~] $much [LIMIT $much]
        4 XSETID $stream $id [ENTRIESADDED $much|MAXDELETEDID $id]*
        6 XREAD [COUNT $count] STREAMS ($stream $id|$stream $stream $id $id|$stream $junk)
        12 XGROUP CREATE $stream $group ($id|$last|0) [MKSTREAM|ENTRIESREAD $much|$junk]*
        3 XGROUP SETID $stream $group ($id|$last) [ENTRIESREAD $much]
        1 XGROUP DESTROY $stream $group
        3 XGROUP CREATECONSUMER $stream $group $consumer
        2 XGROUP DELCONSUMER $stream $group $consumer
        30 XREADGROUP GROUP $group $consumer [COUNT $much|NOACK]* STREAMS ($stream >|$stream >|$stream $id|$stream $stream > >)
        10 XACK $stream $group ($id)+
        6 XPENDING $stream $group
        12 XCLAIM $stream $group $consumer (0|0|100000) ($id)+ [RETRYCOUNT $much|FORCE|JUSTID|LASTID $id]*
        8 XAUTOCLAIM $stream $group $consumer 0 $end [COUNT $much|JUSTID]*
        8 XINFO STREAM $stream
        8 XINFO GROUPS $stream
        6 XINFO CONSUMERS $stream $group
        6 DEL ($key)+
        2 UNLINK ($key)+
        4 EXISTS ($key)+
        2 TOUCH ($key)+
        4 TYPE $key
        5 RENAME $key $key
        3 RENAMENX $key $key
        6 COPY $key $key [DB $database|REPLACE|$junk]*
        4 MOVE $key $database
        6 EXPIRE $key $seconds [NX|XX|GT|LT|$junk]*
        4 PEXPIRE $key $milliseconds [NX|XX|GT|LT|$junk]*
        6 EXPIREAT $key $at [NX|XX|GT|LT|$junk]*
        4 PEXPIREAT $key $at-ms [NX|XX|GT|LT|$junk]*
        4 TTL $key
        4 PTTL $key
        3 EXPIRETIME $key
        3 PEXPIRETIME $key
        4 PERSIST $key
        8 OBJECT ENCODING $key
        1 OBJECT (REFCOUNT|IDLETIME|FREQ) $key
        2 KEYS $pattern
        4 SCAN $cursor [MATCH $pattern|COUNT 2|COUNT 100|COUNT $junk|TYPE string|TYPE hash|TYPE list|TYPE set|TYPE stream|$junk]*
        2 RANDOMKEY
        3 DBSIZE
        6 SELECT $database
        1 SWAPDB $database $database
        1 FLUSHDB [SYNC|ASYNC|$junk]
        1 FLUSHALL [SYNC|ASYNC|$junk]
        1 MEMORY USAGE $key [SAMPLES $count]
        2 CONFIG SET hash-max-listpack-entries (512|3|2|0)
        1 CONFIG SET hash-max-listpack-value (64|20|4)
        1 CONFIG GET hash-max-listpack-*
        2 CONFIG SET set-max-intset-entries (512|6|4)
        2 PING [$value]
        1 ECHO $value
        1 TIME
        1 CLIENT (ID|INFO|LIST|GETNAME|FOO)
        1 CLIENT SETNAME $value
        1 COMMAND GETKEYS (GET $key|MSET $key $value $key $value|COPY $key $key|PING x|FOO x)
        1 HELLO (2|3|4|abc)
        1 RESET
        1 FOO [$junk]*
        2 ACL SETUSER u (~?1|%R~?2|%W~h3|allkeys|resetkeys|on|off|>p|nopass|+get|+mget|+set|+copy|+object|$junk)+
        1 ACL (WHOAMI|USERS|CAT|GENPASS 0)
        1 ACL (DELUSER u|DELUSER default|GETUSER none)
        6 ACL DRYRUN (u|default) (GET $key|MGET $key $key|SET $key 1|SET $key 1 GET|COPY $key $key|OBJECT ENCODING $key|PING|$junk)
        1 AUTH $junk
        14 MULTI
        6 EXEC
        2 DISCARD
        6 WATCH ($key)+
        2 UNWATCH
        """;

    /// <summary>What another connection does in between, so that WATCH has something to notice.</summary>
    private const string RivalLines =
        """
        4 SET $string $value
        4 HSET $hash $field $value
        4 SADD $set $member
        4 ZADD $zset $score $member
        4 RPUSH $list $member
        2 LPOP $list
        2 DEL $key
        2 EXPIRE $key $seconds
        2 SETNX $string $value
        2 GET $string
        1 SELECT $database
        """;

    public static IReadOnlyList<Template> Main { get; } = [.. Lines.Split('\n').Select(Template.Parse)];

    public static IReadOnlyList<Template> Rival { get; } = [.. RivalLines.Split('\n').Select(Template.Parse)];
}
