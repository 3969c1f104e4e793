using System.Collections.Concurrent;

namespace TalosTailscale.Lab;

/// <summary>The faults of one node, changeable while the lab runs.</summary>
public sealed class LabFaults
{
    private readonly ConcurrentDictionary<LabFault, string?> _active = new();

    /// <summary>A fault was switched on or off.</summary>
    internal event EventHandler? Changed;

    /// <summary>Switches a fault on.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="value">What it needs to know.</param>
    public void Set(LabFault fault, string? value = null)
    {
        _active[fault] = value;
        Changed?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>Switches a fault off.</summary>
    /// <param name="fault">The fault.</param>
    public void Clear(LabFault fault) => Take(fault, out _);

    /// <summary>Whether a fault is on.</summary>
    /// <param name="fault">The fault.</param>
    /// <returns>True if it is.</returns>
    public bool Has(LabFault fault) => _active.ContainsKey(fault);

    /// <summary>The value of a fault.</summary>
    /// <param name="fault">The fault.</param>
    /// <returns>The value; null when it has none or is off.</returns>
    public string? Value(LabFault fault) => _active.GetValueOrDefault(fault);

    /// <summary>Takes a fault that happens once: true if it was on, and it is off from now.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="value">Its value.</param>
    /// <returns>Whether it was on.</returns>
    public bool Take(LabFault fault, out string? value)
    {
        if (!_active.TryRemove(fault, out value))
            return false;
        Changed?.Invoke(this, EventArgs.Empty);
        return true;
    }
}
