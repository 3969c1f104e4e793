using System.Globalization;
using System.Threading.Channels;
using Google.Protobuf;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Nodes;

/// <summary>One event of a node, as the Events call streams it.</summary>
internal sealed record LabNodeEvent(string Id, string ActorId, DateTimeOffset Time, IMessage Payload);

/// <summary>The events of one node: the last ones, and who listens.</summary>
internal sealed class LabEventLog(TimeProvider clock)
{
    private const int Capacity = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<LabNodeEvent> _kept = new();
    private readonly List<Channel<LabNodeEvent>> _listeners = [];
    private long _next;

    /// <summary>How many events there have been.</summary>
    internal long Count => Interlocked.Read(ref _next);

    /// <summary>The last events, oldest first.</summary>
    internal IReadOnlyList<LabNodeEvent> Kept
    {
        get
        {
            lock (_lock)
                return [.. _kept];
        }
    }

    internal void Add(IMessage payload, string actorId = "")
    {
        lock (_lock)
        {
            // Ids of Talos sort by time (xid); a running number does too.
            var item = new LabNodeEvent(
                (++_next).ToString("x20", CultureInfo.InvariantCulture),
                actorId,
                clock.GetUtcNow(),
                payload
            );
            _kept.Enqueue(item);
            if (_kept.Count > Capacity)
                _kept.Dequeue();
            foreach (var listener in _listeners)
                listener.Writer.TryWrite(item);
        }
    }

    /// <summary>Starts to listen. The tail rules are those of EventsRequest: a negative count is all.</summary>
    internal (IReadOnlyList<LabNodeEvent> Tail, Channel<LabNodeEvent> Next) Listen(EventsRequest request)
    {
        lock (_lock)
        {
            IEnumerable<LabNodeEvent> tail = [];
            if (request.TailEvents != 0)
                tail = request.TailEvents < 0 ? _kept : _kept.TakeLast(request.TailEvents);
            else if (request.TailId.Length > 0)
                tail = _kept.Where(e => string.CompareOrdinal(e.Id, request.TailId) > 0);
            else if (request.TailSeconds > 0)
                tail = _kept.Where(e => e.Time > clock.GetUtcNow().AddSeconds(-request.TailSeconds));
            var channel = Channel.CreateUnbounded<LabNodeEvent>();
            _listeners.Add(channel);
            return ([.. tail], channel);
        }
    }

    internal void Unlisten(Channel<LabNodeEvent> channel)
    {
        lock (_lock)
            _listeners.Remove(channel);
        channel.Writer.TryComplete();
    }

    /// <summary>The node has gone down: listeners are let go and what was kept in memory is lost.</summary>
    internal void PowerOff()
    {
        lock (_lock)
        {
            foreach (var listener in _listeners)
                listener.Writer.TryComplete();
            _listeners.Clear();
            _kept.Clear();
        }
    }
}
