namespace TalosTailscale.Core.Talos;

/// <summary>How a <see cref="TalosClient"/> connects and how long it waits.</summary>
public sealed record TalosClientOptions
{
    /// <summary>Endpoints instead of those of the context; empty for the context's.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>For connecting and shaking hands with one endpoint.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For a call with one answer, unless the call has a time of its own.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For the next message of an answer in parts; a followed log is not held to it.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For a byte from or to a container that the node runs.</summary>
    public TimeSpan ContainerStallTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The connections to use; by default those that the process shares.</summary>
    public TalosConnections Connections { get; init; } = TalosConnections.Shared;

    /// <summary>Against what certificates are checked.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How long a pull that the node cannot make, and tries again, is waited for from the node's first reason on: three tries of Talos.</summary>
    public TimeSpan PullPatience { get; init; } = TimeSpan.FromSeconds(6);
}
