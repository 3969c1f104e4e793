using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Talos;

/// <summary>Why a node cannot pull an image.</summary>
internal enum ImagePullReason
{
    /// <summary>Something else, which the text tells.</summary>
    Other,

    /// <summary>The registry's name has no address for the node.</summary>
    NameUnresolved,

    /// <summary>The registry wants credentials, or other ones.</summary>
    Unauthorized,

    /// <summary>The registry does not have the image.</summary>
    NotFound,

    /// <summary>The registry's certificate is not one that the node trusts.</summary>
    NotTrusted,

    /// <summary>The node's own rules for images do not let it pass.</summary>
    NotVerified,

    /// <summary>Nothing listens at the registry's address.</summary>
    Refused,

    /// <summary>The node has no way to the registry's address, or nothing comes back.</summary>
    Unreachable,
}

/// <summary>
/// Reads containerd's words for a pull that failed. Sources: containerd core/remotes/docker (resolver.go,
/// authorizer.go, fetcher.go, errors.go), Talos internal/pkg/containers/image/verify, Go's net and crypto/x509.
/// </summary>
internal static class ImagePullReasons
{
    /// <summary>The words of each reason, as regular expressions; the first that is found tells.</summary>
    public static IReadOnlyList<(string Words, ImagePullReason Reason)> Words { get; } =
    [
        // Says by what it failed as well, in words of the others.
        (
            "image verification failed|verification denied by matched rule|image verification rule"
                + "|failed to convert verification rule|(signature|bundle (layer|referrer)) verification failed",
            ImagePullReason.NotVerified
        ),
        // A question to a name server fails in all these ways too, so names come first.
        (
            @"\blookup \S+.*(no such host|server misbehaving|timeout|refused|unreachable|no route)|no such host",
            ImagePullReason.NameUnresolved
        ),
        (
            @"x509: |tls: failed to verify|certificate|server gave HTTP response to HTTPS client",
            ImagePullReason.NotTrusted
        ),
        (
            @"\b40[13] (Unauthorized|Forbidden)|: 40[13]\b|unauthorized|authorization failed"
                + "|insufficient_scope|no basic auth credentials|too many authorization retries|failed to "
                + "(authorize|fetch (anonymous"
                + "|oauth) token)|denied: |access (is )?denied|pull access denied",
            ImagePullReason.Unauthorized
        ),
        (@"connection refused", ImagePullReason.Refused),
        (
            "no route to host|connection reset by peer|(network|host) is unreachable|host is down|i/o "
                + "timeout|TLS handshake timeout"
                + @"|Client\.Timeout|dial tcp \S+: .*deadline exceeded",
            ImagePullReason.Unreachable
        ),
        (@"not found|manifest unknown|name unknown|repository .*not known", ImagePullReason.NotFound),
    ];

    private static readonly (Regex Pattern, ImagePullReason Reason)[] s_all =
    [
        .. Words.Select(one =>
            (
                new Regex(
                    one.Words,
                    RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
                ),
                one.Reason
            )
        ),
    ];

    /// <summary>The reason in a text.</summary>
    /// <param name="text">containerd's, Talos's or the kubelet's words.</param>
    /// <returns>The reason.</returns>
    public static ImagePullReason Of(string text)
    {
        foreach (var (pattern, reason) in s_all)
            if (pattern.IsMatch(text))
                return reason;
        return ImagePullReason.Other;
    }

    /// <summary>Whether waiting cannot help.</summary>
    public static bool IsFinal(ImagePullReason reason) =>
        reason is ImagePullReason.Unauthorized or ImagePullReason.NotTrusted or ImagePullReason.NotFound;

    /// <summary>What to do, of a reason.</summary>
    public static string? Advice(ImagePullReason reason) =>
        reason switch
        {
            ImagePullReason.NameUnresolved =>
                "Look at the node's resolvers (Test-TsNode -Check Resolver): a name of the tailnet needs "
                    + "100.100.100.100 first.",
            ImagePullReason.Unauthorized =>
                "Give the node credentials for the registry (RegistryAuthConfig), or correct them.",
            ImagePullReason.NotFound => "Push the image, or give a reference that exists.",
            ImagePullReason.NotTrusted =>
                "Give the node the registry's certificate authority (RegistryTLSConfig), or look at the "
                    + "certificate's names and dates and at the node's clock.",
            ImagePullReason.NotVerified =>
                "Look at the rules of ImageVerificationConfig (Get-TalosMachineConfig): sign the image as "
                    + "the rule for it"
                    + " demands, or add a rule with 'skip: true' for it before that one.",
            ImagePullReason.Refused => "Start the registry, or correct the port in the reference.",
            ImagePullReason.Unreachable =>
                "Look at the node's routes and at the tailnet policy: the node must reach the registry's "
                    + "address and port.",
            _ => null,
        };
}
