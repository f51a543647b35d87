namespace RedisClone.Server.Network;

/// <content>Receiving and evaluating.</content>
internal abstract partial class Connection
{
    /// <summary>Receives once and evaluates what came.</summary>
    private void Take(Workspace work)
    {
        if (!Reads || _more || _phase == Phase.Handshaking)
        {
            return;
        }

        if (_rest.Count > 0)
        {
            if (Received(ReceiveRest(), work, out int bytes))
            {
                _rest.Received(bytes);
                RunRest(work);
            }
        }
        else if (Received(_phase == Phase.Lingering ? TryReceive(work.Hot) : ReceiveHot(work), work, out int bytes))
        {
            int consumed = Evaluate(work, work.Hot, 0, bytes);
            if (consumed < bytes && _inputOpen)
            {
                _rest.Keep(work.Hot.AsSpan(consumed, bytes - consumed), bytes);
            }
        }

        if (_rest.Count >= Math.Min(_context.Options.InputBytesMax, Array.MaxLength))
        {
            Abort(CloseReason.InputLimit);
        }
    }

    /// <summary>Judges the result of receiving; true when there are bytes to evaluate.</summary>
    private bool Received(int result, Workspace work, out int bytes)
    {
        bytes = result;
        if (result > 0)
        {
            work.BytesIn += result;
            if (_phase == Phase.Lingering)
            {
                return false;
            }

            _activeMs = work.NowMs;
            return true;
        }

        if (result == Failed)
        {
            Abort(CloseReason.SocketError);
        }
        else if (result == 0)
        {
            _peerEnded = true;
            if (_phase == Phase.Lingering)
            {
                _phase = Phase.Aborted;
            }
            else
            {
                EndInput(CloseReason.ClientClosed);
            }
        }

        return false;
    }

    /// <summary>Evaluates what was received earlier, as far as it makes whole commands.</summary>
    private void RunRest(Workspace work)
    {
        _more = false;
        if (_rest.Count == 0 || _phase != Phase.Open)
        {
            return;
        }

        if (_throttled)
        {
            _more = true;
            return;
        }

        int consumed = Evaluate(work, _rest.Buffer, _rest.Start, _rest.End);
        if (_rest.Count > 0)
        {
            _rest.Consumed(consumed);
        }
    }

    /// <summary>Has the handler carry out commands; tells how many bytes they took.</summary>
    private int Evaluate(Workspace work, byte[] buffer, int start, int end)
    {
        var writer = Output(work);
        work.Evaluated = true;
        int consumed = _handler!.Receive(buffer, start, end, writer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)consumed, (uint)(end - start));
        _more = consumed < end - start && writer.Length >= NetworkLimits.OutputBytesPerReceive;
        EndIfOverflown();
        EndIfAsked();
        return consumed;
    }

    /// <summary>Lets the handler write what came from elsewhere; then it may go on with what it had left.</summary>
    private void Awake(Workspace work)
    {
        if (_phase != Phase.Open || !_inputOpen)
        {
            return;
        }

        work.Evaluated = true;
        _handler!.Woken(Output(work));
        EndIfOverflown();
        EndIfAsked();
        RunRest(work);
    }

    private void EndIfAsked()
    {
        if (_handler!.CloseAfterReplies is var asked && asked != CloseReason.None)
        {
            EndInput(asked);
            _more = false;
            _rest.Clear();
        }
    }
}
