using System.Net;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>How patiently, and by which way, the Image Factory is asked.</summary>
public sealed record ImageFactoryOptions
{
    /// <summary>A proxy; null takes that of the environment.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>For how long an image may be built before its first byte comes. The first request for it builds it.</summary>
    public TimeSpan BuildTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a connection or a short answer may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For how long a transfer may stand still.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The most bytes that are taken for an image; those of Talos have some hundred MiB.</summary>
    public long MaximumImage { get; init; } = 4L << 30;

    /// <summary>How often something that failed is tried again without any progress in between.</summary>
    public int Retries { get; init; } = 6;

    /// <summary>The pause before the first repetition; doubled each time up to 30 seconds, with some jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);
}
