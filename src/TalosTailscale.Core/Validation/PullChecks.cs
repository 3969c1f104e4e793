using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>The proof of it all: the node pulls from the registry that only the tailnet reaches.</summary>
internal static class PullChecks
{
    public static NodeCheck RegistryName { get; } =
        new("RegistryName", "the registry's name resolves on the node", false, async (probe, options) =>
        {
            if (options.RegistryImage is not { } image)
                return CheckResult.NothingToLookAt("no -RegistryImage was given");
            var host = image.Split('/')[0];
            try
            {
                var pull = await probe.PullAsync(image).ConfigureAwait(false);
                return pull.Pulled
                    ? CheckResult.Pass($"'{host}' was reached")
                    : CheckResult.Skip("the image was on the node already, so no name was looked up");
            }
            catch (TsException e) when (e.Error != TalosErrors.TalosRoleMissing)
            {
                return ImagePullReasons.Of(e.Message) switch
                {
                    ImagePullReason.NameUnresolved => CheckResult.Fail(Causes.RegistryNameUnresolved, e.Message),
                    // Without a reason that can only come after the name was resolved, nothing is known of it.
                    ImagePullReason.Other => CheckResult.Skip($"whether '{host}' resolves is not known: {e.Message}"),
                    _ => CheckResult.Pass($"'{host}' resolves; the pull failed later"),
                };
            }
        });

    public static NodeCheck PrivatePull { get; } =
        new("PrivatePull", "the node pulls a private image that it does not have yet", false, async (probe, options) =>
        {
            if (options.RegistryImage is not { } image)
                return CheckResult.NothingToLookAt("no -RegistryImage was given");
            try
            {
                var pull = await probe.PullAsync(image).ConfigureAwait(false);
                return pull.Pulled
                    ? CheckResult.Pass($"pulled {pull.Digest} in {pull.Duration.TotalSeconds:0.0} s")
                    : CheckResult.Skip(
                        $"'{image}' was on the node already, which proves nothing; give a tag that no node has pulled"
                    );
            }
            catch (TsException e) when (e.Error != TalosErrors.TalosRoleMissing)
            {
                return CheckResult.Fail(CauseOf(e.Message), e.Message);
            }
        });

    /// <summary>What the words of containerd or the kubelet mean.</summary>
    public static TsCheckCause CauseOf(string message) => CauseOf(ImagePullReasons.Of(message));

    /// <summary>The cause that a reason is shown as.</summary>
    public static TsCheckCause CauseOf(ImagePullReason reason) =>
        reason switch
        {
            ImagePullReason.NameUnresolved => Causes.RegistryNameUnresolved,
            ImagePullReason.Unauthorized => Causes.RegistryUnauthorized,
            ImagePullReason.NotFound => Causes.ImageNotFound,
            ImagePullReason.NotTrusted => Causes.RegistryNotTrusted,
            ImagePullReason.NotVerified => Causes.ImageNotVerified,
            ImagePullReason.Refused => Causes.RegistryRefused,
            ImagePullReason.Unreachable => Causes.RegistryUnreachable,
            _ => Causes.PullFailed,
        };
}
