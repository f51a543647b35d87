namespace RedisClone.Server.Network;

/// <content>The ways to an end.</content>
internal abstract partial class Connection
{
    /// <summary>Last orders: what the peer has sent by now is carried out, then the connection closes.</summary>
    private void Stop(Workspace work)
    {
        if (_phase == Phase.Handshaking)
        {
            Abort(CloseReason.Shutdown);
        }

        if (_phase != Phase.Open || !_inputOpen)
        {
            return;
        }

        // An idle client that never closes must not hold up the server, so one that has everything is not lingered for.
        long before = work.BytesIn;
        Take(work);
        bool isQuiet = work.BytesIn == before && !_more && !_throttled;
        bool isAnswered = _output.IsEmpty && IsFlushed && _current is not { Length: > 0 } && PeerHasAll;
        _lingers = !isQuiet || !isAnswered;
        EndInput(CloseReason.Shutdown);
    }

    /// <summary>Ends what has taken too long.</summary>
    private void Expire(Workspace work)
    {
        long quietMs = work.NowMs - _activeMs;
        if (_phase == Phase.Handshaking)
        {
            ExpireHandshake(quietMs);
        }
        else if (_phase == Phase.Lingering)
        {
            if (quietMs >= LingerMs)
            {
                _phase = Phase.Aborted;
            }
        }
        else if (!_inputOpen)
        {
            // A disk that makes us wait is not the peer's fault.
            if (quietMs >= DrainMs && !_parked)
            {
                Abort(CloseReason.SocketError);
            }
        }
        else if (_context.Options.TimeoutSeconds is var seconds and > 0
            && quietMs > seconds * 1000L
            && !_parked
            && !_handler!.MayStayIdle)
        {
            Abort(CloseReason.IdleTimeout);
        }
    }

    /// <summary>The first reason wins.</summary>
    private void Claim(CloseReason why) =>
        Interlocked.CompareExchange(ref _reason, (int)why, (int)CloseReason.None);

    /// <summary>Nothing more is received; the connection closes when what was is dealt with.</summary>
    private void EndInput(CloseReason why)
    {
        Claim(why);
        _inputOpen = false;
    }

    /// <summary>Ends the connection at the end of this turn, whatever is unsent.</summary>
    private void Abort(CloseReason why)
    {
        if (_phase != Phase.Ended)
        {
            Claim(why);
            _phase = Phase.Aborted;
        }
    }

    /// <summary>All is said: lets the peer close first, if that can matter.</summary>
    private void Finish(Workspace work)
    {
        ForgetHandler();
        _tls?.EndSending();
        if (_peerEnded || !_lingers || !_context.TryBeginLinger())
        {
            _phase = Phase.Aborted;
            return;
        }

        _isLingering = true;
        _phase = Phase.Lingering;
        _activeMs = work.NowMs;
        EndSending();
    }

    private void End()
    {
        ForgetHandler();
        if (_isLingering)
        {
            _context.EndLinger();
        }

        EndHandshake();
        _tls?.Dispose();

        _phase = Phase.Ended;
        _output.Clear();
        Volatile.Write(ref _outputPendingBytes, 0);
        Volatile.Write(ref _inputPendingBytes, 0);
        Release();
        _context.Ended();
    }

    private void ForgetHandler()
    {
        _rest.Clear();
        if (_handler is null)
        {
            return;
        }

        var why = (CloseReason)_reason;
        if (why is CloseReason.OutputLimit or CloseReason.InputLimit or CloseReason.OutOfMemory or CloseReason.Evicted)
        {
            NetworkLog.ClosedOverLimit(_context.Logger, _remote, why);
        }

        _handler.Closed(why);
        _handler = null;
    }
}
