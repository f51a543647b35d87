namespace RedisClone.Server.Persistence;

/// <summary>
/// Reads a log from its first byte, proves group after group, and has each applied once it is proven.
/// The rules about what is torn and what is damaged are all here; see <see cref="LogFormat"/> for the format.
/// </summary>
internal sealed class LogVerifier
{
    private readonly LogScanner _scanner;
    private readonly LogReplay? _replay;
    private readonly ILogFile _file;
    private LogResync? _resync;

    // Where the group, part or plain log starts that is being scanned.
    private long _groupStart;
    private long _groupCommands;

    // In a plain log: the end of the last command or transaction that is whole.
    private long _unitEnd;
    private long _unitCommands;
    private bool _inMulti;

    private bool _hasLines;
    private bool _baseEnded;
    private long _parts;
    private long _groups;
    private long _commands;
    private long _lastNumber;
    private long _lastTimeMs;

    /// <param name="file">The log.</param>
    /// <param name="replayer">Where proven commands go; null to prove only.</param>
    /// <param name="windowBytes">How much of the file is held in memory.</param>
    public LogVerifier(ILogFile file, ILogReplayer? replayer, int windowBytes = LogScanner.DefaultWindowBytes)
    {
        _scanner = new LogScanner(file, windowBytes);
        _replay = replayer is null ? null : new LogReplay(file, replayer);
        _file = file;
    }

    /// <summary>Reads the log.</summary>
    /// <exception cref="LogReplayException">A proven command cannot be carried out.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public LogVerdict Run()
    {
        while (true)
        {
            switch (_scanner.Next())
            {
                case ScanResult.Command:
                    TakeCommand();
                    break;
                case ScanResult.Annotation:
                    if (TakeAnnotation() is { } problem)
                    {
                        return Judge(problem, _groupStart, isTruncated: false);
                    }

                    break;
                case ScanResult.End:
                    return AtEnd();
                case ScanResult.Truncated:
                    return Judge("the log ends within a command", _scanner.Position, isTruncated: true);
                default:
                    return Judge("neither a command nor a line of the log", _scanner.BadOffset, isTruncated: false);
            }
        }
    }

    private LogResync Resync => _resync ??= new LogResync(_file, _scanner.FileLength);

    private bool IsPlainSoFar => !_hasLines;

    private bool IsInBase => _hasLines && !_baseEnded;

    private void TakeCommand()
    {
        if (_scanner.IsMulti)
        {
            _inMulti = true;
        }
        else if (_scanner.IsExec)
        {
            _inMulti = false;
        }
        else
        {
            _groupCommands++;
        }

        TakeUnit();
    }

    private void TakeUnit()
    {
        if (!_inMulti)
        {
            _unitEnd = _scanner.Position;
            _unitCommands = _groupCommands;
        }
    }

    /// <summary>Takes a line; returns what is wrong with it or with what it covers.</summary>
    private string? TakeAnnotation()
    {
        var text = _scanner.Annotation;
        var lineStart = _scanner.Position - text.Length;
        if (!LogFormat.TryRead(text, out var line, out var crcAt))
        {
            if (IsPlainSoFar && LogFormat.IsRedisTimestamp(text))
            {
                TakeUnit();
                return null;
            }

            return "a line that starts with '#' and is no line of the log";
        }

        if (Misplaced(line, lineStart) is { } misplaced)
        {
            return misplaced;
        }

        if (line.Length != lineStart - _groupStart)
        {
            return $"the line at byte {lineStart} covers {line.Length} bytes, but {lineStart - _groupStart} are there";
        }

        if (Crc32C.Finish(_scanner.RunningCrc(lineStart + crcAt)) != line.Crc)
        {
            return $"the checksum of the bytes up to {lineStart + crcAt} is wrong";
        }

        Accept(line, lineStart);
        return null;
    }

    private string? Misplaced(in LogLine line, long lineStart)
    {
        var expected = _baseEnded ? _lastNumber + 1 : _parts;
        return line.Kind switch
        {
            LogLineKind.Group when !_baseEnded => $"group {line.Number} before the end of the base",
            LogLineKind.Group when line.Number != expected => $"group {line.Number} where {expected} should be",
            LogLineKind.Group when line.Length == 0 => "an empty group",
            LogLineKind.Group => null,
            _ when _baseEnded => "a part of a base behind the base",
            LogLineKind.Base when line.Number != expected => $"part {line.Number} of the base where {expected} should be",
            LogLineKind.Base when line.Number == 0 && lineStart > 0 => "the first part of a base behind something else",
            LogLineKind.BaseEnd when line.Extra != expected =>
                $"a base of {line.Extra} parts of which {expected} are there",
            _ => null,
        };
    }

    private void Accept(in LogLine line, long lineStart)
    {
        if (_replay is not null)
        {
            Replay(_groupStart, lineStart);
        }

        _hasLines = true;
        _inMulti = false;
        _commands += _groupCommands;
        _lastTimeMs = line.TimeMs;
        switch (line.Kind)
        {
            case LogLineKind.Base:
                _parts++;
                break;
            case LogLineKind.BaseEnd:
                _baseEnded = true;
                _lastNumber = line.Number;
                break;
            default:
                _groups++;
                _lastNumber = line.Number;
                break;
        }

        _groupStart = _scanner.Position;
        _groupCommands = 0;
        _scanner.SetAnchor();
    }

    private void Replay(long start, long end)
    {
        if (_scanner.TryGetAnchored(end, out var bytes))
        {
            _replay!.Apply(bytes, start);
        }
        else
        {
            _replay!.Apply(start, end);
        }
    }

    private LogVerdict AtEnd()
    {
        var end = _scanner.Position;
        if (IsInBase)
        {
            return Judge("the log ends before its base does", end, isTruncated: true);
        }

        if (IsPlainSoFar)
        {
            return _inMulti ? Torn("a transaction without its EXEC", _unitEnd) : Finish(LogCondition.Whole);
        }

        // A group without its line: the crash came between, or cut just there.
        return end > _groupStart
            ? Judge("the log ends before the line that commits a group", _groupStart, isTruncated: true)
            : Finish(LogCondition.Whole);
    }

    /// <summary>Something is wrong; decides between a torn tail and damage.</summary>
    private LogVerdict Judge(string reason, long badOffset, bool isTruncated)
    {
        if (IsInBase)
        {
            return Damaged(reason, badOffset, default);
        }

        if (IsPlainSoFar)
        {
            return JudgePlain(reason, badOffset, isTruncated);
        }

        var after = Resync.Find(_groupStart, _lastNumber);
        var isLostPage = after.IsFound
            && _lastNumber + 1 > after.CoveredNumber
            && Resync.HasZeroSector(_groupStart, after.FirstStart);
        return after.IsFound && !isLostPage ? Damaged(reason, badOffset, after) : Torn(reason, badOffset);
    }

    /// <summary>
    /// A log without lines so far has no checksums: as in Redis, an unfinished end is torn, and all else is damage. A
    /// line that was being written when the crash came, the first one of the log, is an unfinished end as well.
    /// </summary>
    private LogVerdict JudgePlain(string reason, long badOffset, bool isTruncated)
    {
        var after = Resync.Find(_unitEnd, 0);
        if (after.IsFound)
        {
            return Damaged(reason, badOffset, after);
        }

        var isUnfinishedLine = _scanner.FileLength - _unitEnd <= LogFormat.LineBytesMax
            && Resync.StartsLikeBaseEnd(_unitEnd)
            && !Resync.HasBaseEnd(_unitEnd);
        var isTorn = isTruncated ? !Resync.HasBaseEnd(_unitEnd) : isUnfinishedLine || Resync.IsZeros(_unitEnd);
        return isTorn ? Torn(reason, badOffset) : Damaged(reason, badOffset, default);
    }

    private LogVerdict Torn(string reason, long badOffset) =>
        Finish(LogCondition.TornTail) with { Reason = reason, BadOffset = badOffset };

    private LogVerdict Damaged(string reason, long badOffset, in ResyncResult after) =>
        Finish(LogCondition.Damaged) with
        {
            Reason = reason,
            BadOffset = badOffset,
            NextGoodEnd = after.IsFound ? after.FirstEnd : -1,
            NextGoodNumber = after.First.Number,
            NextGoodTimeMs = after.First.TimeMs,
        };

    private LogVerdict Finish(LogCondition condition)
    {
        if (IsPlainSoFar)
        {
            // What a plain log holds is proven only now: nothing behind it says otherwise.
            if (_replay is not null && condition != LogCondition.Damaged)
            {
                Replay(0, _unitEnd);
            }

            _commands = _unitCommands;
            _groupStart = _unitEnd;
        }

        return new LogVerdict
        {
            Condition = condition,
            FileBytes = _scanner.FileLength,
            GoodBytes = _groupStart,
            Groups = _groups,
            Commands = _commands,
            LastNumber = _lastNumber,
            LastTimeMs = _lastTimeMs,
            IsPlain = IsPlainSoFar,
            EndsInBase = IsInBase,
            BaseParts = _parts,
        };
    }
}
