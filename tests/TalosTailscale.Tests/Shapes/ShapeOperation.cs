using TalosTailscale.Core.Validation;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Shapes;

/// <summary>What an operator does, and what is true when it went well.</summary>
/// <param name="Name">A short name.</param>
/// <param name="Script">What he types.</param>
/// <param name="Went">Whether it did what it is for.</param>
internal sealed record ShapeOperation(string Name, string Script, Func<ShapePlace, bool> Went)
{
    private const string Limits = " -Timeout 00:05:00 -Confirm:$false";

    /// <summary>What the lab does before.</summary>
    public Func<ShapePlace, Task> Before { get; init; } = _ => Task.CompletedTask;

    /// <summary>What else is put right for it.</summary>
    public Action<ShapePlace> Right { get; init; } = _ => { };

    /// <summary>All of them, in the order in which they go through one lab.</summary>
    internal static IReadOnlyList<ShapeOperation> All { get; } =
    [
        new("restart", "Restart-TalosNode ryzen -Wait" + Limits, place => place.Lab.Node("ryzen").IsReady),
        new(
            "patch",
            "'ryzen', 'ampone' | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru -Force -Confirm:$false | "
                + "Set-TalosMachinePatch -Confirm:$false",
            place => Has(place, "ryzen", "kind: ExtensionServiceConfig") && Has(place, "ampone", "TS_HOSTNAME=ampone")
        ),
        new("swap", "Invoke-UkiSwap ampone -Path $uki -Reboot -Wait" + Limits, place => IsJoined(place, "ampone")),
        new(
            "upgrade",
            "New-TalosSchematic | Save-TalosImage -Node ryzen -Kind Installer | Update-TalosNode -Wait" + Limits,
            place => IsJoined(place, "ryzen")
        ),
        new("rollout", "'altra' | Install-TsNode -AuthKeyReference $key -StateFolder $state" + Limits, place =>
            IsJoined(place, "altra")
        )
        {
            // What waits for etcd to be whole waits for its learner, too.
            Right = place => place.Promote(),
        },
        new("Test-TsNode", "Test-TsNode ryzen, ampone, altra", _ => true),
        new("Test-TsCluster", "Test-TsCluster -SkipCheck PodPull", _ => true),
        new("undo", "'altra' | Undo-TsNode -StateFolder $state" + Limits, place =>
            !place.Lab.Node("altra").Extensions.Any(e => e.Name == "tailscale")
        ),
        new("drift", "Update-TalosNodeAddress altra -Path $folder -Repair All -Confirm:$false", place =>
            place.IsInInventory("altra")
        )
        {
            Before = MoveAsync,
        },
    ];

    /// <summary>What came of it: null when it went well, else the errors, or the checks that did not pass, by name.</summary>
    internal string? Outcome(ShapePlace place, out string said)
    {
        PowerShellResult result = place.Invoke(Script);
        TsCheck[] failed =
        [
            .. result
                .Output.Select(o => o.BaseObject)
                .OfType<TsCheck>()
                .Where(c => c.Status is not TsCheckStatus.Pass and not TsCheckStatus.Skipped),
        ];
        said = string.Join(
            " / ",
            result
                .Errors.Select(e => e.Exception.Message)
                .Concat(failed.Select(c => $"{c.Node} {c.Name} {c.Cause}: {c.Evidence}"))
        );
        string[] errors =
        [
            .. result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]),
            .. failed.Select(c => $"{c.Name}:{c.Cause}"),
        ];
        return errors.Length > 0
                ? string.Join(' ', errors.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            : Went(place) ? null
            : "WithoutEffect";
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static bool Has(ShapePlace place, string node, string words) =>
        place.Lab.Node(node).ActiveConfig.Text.Contains(words, StringComparison.Ordinal);

    private static bool IsJoined(ShapePlace place, string name) =>
        place.Lab.Node(name) is { TailnetAddress: not null } node && node.Extensions.Any(e => e.Name == "tailscale");

    private static async Task MoveAsync(ShapePlace place)
    {
        await place.PutRightAsync();
        LabNode node = place.Lab.Node("altra");
        string address = node.Network.AddressLike("192.168.1.86");
        if (node.Address == address)
            return;
        node.Faults.Set(LabFault.AddressChanged, address);
        Guid before = node.BootId;
        node.PowerCycle();
        await node.WhenAsync(n => n.BootId != before && n.IsReady, TestContext.Current.CancellationToken);
    }
}
