using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Makes nodes fetch a container image with their own containerd, and tells whether it was really fetched or was there
/// already, which proves nothing about the registry.
/// </summary>
[Cmdlet(VerbsData.Save, "TalosContainerImage", SupportsShouldProcess = true)]
[OutputType(typeof(TalosImagePull))]
public sealed class SaveTalosContainerImageCommand : TalosCmdlet
{
    /// <summary>The image (<c>registry.example/name:tag</c>).</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        HelpMessage = "The image that the nodes pull, for example registry.example/name:tag."
    )]
    [Alias("Reference")]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <summary>Among whose images: those of pods, or Talos's own.</summary>
    [Parameter(Mandatory = false)]
    public TalosImageNamespace ImageNamespace { get; set; } = TalosImageNamespace.Cri;

    /// <summary>Removes the image first, so that it has to be fetched; Talos 1.13 and later.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Fresh { get; set; }

    /// <summary>How long fetching may take on one node; 15 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(15);

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        if (!await ShouldProcessAsync(Describe(node), $"{(Fresh ? "Remove and pull" : "Pull")} the image '{Image}'"))
            return;
        if (Fresh && await client.FindImageAsync(Image, ImageNamespace, cancellationToken) is { } present)
            await client.ImageRemoveAsync(present.Name, ImageNamespace, cancellationToken);
        TalosImagePull pull = await client.ImagePullAsync(Image, ImageNamespace, Timeout, Reporter, cancellationToken);
        Reporter.Verbose(
            $"{node.Name}: {(pull.Pulled ? "pulled" : "had already")} '{Image}', {pull.Digest ?? "digest not told"}, {Sizes.Text(pull.Size)}."
        );
        if (!pull.Pulled)
        {
            Reporter.Warning(
                $"'{node.Name}' had '{Image}' already: nothing was asked of the registry. Use a tag that the node does not have"
                    + " or, on Talos 1.13 and later, -Fresh."
            );
        }

        await WriteObjectAsync(pull);
    }
}
