using System.Collections.Concurrent;

namespace TalosTailscale.Lab.Factory;

/// <summary>What the lab's factory does wrong. Changeable while it runs.</summary>
public sealed class LabFactoryFaults
{
    /// <summary>How long the first request for an image waits while the image is built.</summary>
    public TimeSpan BuildTime { get; set; }

    /// <summary>Answers with these statuses first, one per request for anything but <c>/healthz</c>.</summary>
    public ConcurrentQueue<int> Statuses { get; } = new();

    /// <summary>Sent as <c>Retry-After</c> with those statuses; null for none.</summary>
    public int? RetryAfterSeconds { get; set; }

    /// <summary>Cuts the next transfers of images after so many bytes of body, one entry per transfer.</summary>
    public ConcurrentQueue<long> Cuts { get; } = new();

    /// <summary>Cuts by a reset, so that bytes on their way are lost too, and not by closing.</summary>
    public bool ResetsOnCut { get; set; }

    /// <summary>Lets the next transfers of images stand still after so many bytes of body.</summary>
    public ConcurrentQueue<long> Stalls { get; } = new();

    /// <summary>Answers <c>Range</c> with the whole image.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>Answers <c>Range</c> with a range that begins elsewhere.</summary>
    public bool WrongRange { get; set; }

    /// <summary>Sends neither ETag nor Last-Modified.</summary>
    public bool NoValidators { get; set; }

    /// <summary>Gives every answer another ETag, as if the image had been built anew in between.</summary>
    public bool ChangesTag { get; set; }

    /// <summary>Sends images by redirection to another path, as the public factory does to its storage.</summary>
    public bool Redirects { get; set; }

    /// <summary>Redirects in a circle.</summary>
    public bool RedirectsForEver { get; set; }

    /// <summary>Announces more bytes than the image has, and closes.</summary>
    public bool AnnouncesTooMuch { get; set; }

    /// <summary>Sends images without their last bytes, and announces just that length.</summary>
    public bool Truncates { get; set; }

    /// <summary>Changes one byte in the middle of images.</summary>
    public bool Damages { get; set; }

    /// <summary>Builds images without any extension, whatever the schematic says.</summary>
    public bool ForgetsExtensions { get; set; }

    /// <summary>Builds images of this version, whatever was asked for.</summary>
    public string? OtherVersion { get; set; }

    /// <summary>Builds images of the other architecture.</summary>
    public bool OtherArchitecture { get; set; }

    /// <summary>Signs with somebody else's key.</summary>
    public bool OtherSigner { get; set; }

    /// <summary>Serves the installer ISO's UKI in place of that for an installed system.</summary>
    public bool IsoUki { get; set; }

    /// <summary>Answers a POST with this id, whatever was posted.</summary>
    public string? OtherId { get; set; }

    /// <summary>Answers images with this status and no content (200, 204).</summary>
    public int? Empty { get; set; }

    /// <summary>Says that images are packed in this way.</summary>
    public string? ContentEncoding { get; set; }

    /// <summary>Sends images without saying how long they are.</summary>
    public bool NoLength { get; set; }

    /// <summary>Redirects images to this address.</summary>
    public string? RedirectsTo { get; set; }

    /// <summary>Answers everything with a page of HTML and status 200, as a captive portal does.</summary>
    public bool CaptivePortal { get; set; }
}
