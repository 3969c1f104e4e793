namespace TalosTailscale.Lab;

/// <summary>An event in the life of a service.</summary>
/// <param name="State">The state that it entered (<c>Running</c>).</param>
/// <param name="Message">Talos's text.</param>
/// <param name="Time">When, in UTC.</param>
public sealed record LabServiceEvent(string State, string Message, DateTimeOffset Time);

/// <summary>A service of a node as <c>talosctl service</c> shows it.</summary>
/// <param name="Id">For instance <c>ext-tailscale</c>.</param>
/// <param name="State">Initialized, Starting, Preparing, Waiting, Running, Stopping, Finished, Failed or Skipped.</param>
/// <param name="Healthy">The health check's last result; null for a service without one.</param>
/// <param name="Events">Its last events, oldest first.</param>
public sealed record LabService(string Id, string State, bool? Healthy, IReadOnlyList<LabServiceEvent> Events);

/// <summary>The services of one node.</summary>
public sealed class LabServices
{
    private const int MaxEvents = 20;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, LabService> _all = new(StringComparer.Ordinal);

    /// <summary>All services, by id.</summary>
    public IReadOnlyList<LabService> All
    {
        get
        {
            lock (_lock)
                return [.. _all.Values];
        }
    }

    /// <summary>A service by its id; null when the node does not have it.</summary>
    /// <param name="id">The id.</param>
    public LabService? this[string id]
    {
        get
        {
            lock (_lock)
                return _all.GetValueOrDefault(id);
        }
    }

    internal void Set(string id, string state, string message, bool? healthy, DateTimeOffset now)
    {
        lock (_lock)
        {
            var events = _all.GetValueOrDefault(id)?.Events ?? [];
            _all[id] = new(id, state, healthy, [.. events.TakeLast(MaxEvents - 1), new(state, message, now)]);
        }
    }

    internal void Remove(string id)
    {
        lock (_lock)
            _all.Remove(id);
    }

    internal void Clear()
    {
        lock (_lock)
            _all.Clear();
    }
}
