namespace TalosTailscale.Core.Rollout;

/// <summary>Every way in which a rollout itself fails; what its steps meet has errors of its own.</summary>
public static class RolloutErrors
{
    /// <summary>Another process holds the journal.</summary>
    public static readonly TsError RolloutJournalBusy = new(
        "RolloutJournalBusy",
        TsErrorCategory.ResourceBusy,
        "Another process on this machine is in the middle of a rollout on the same cluster.",
        "Wait until it has ended, or stop it; then run the same command again, which goes on where it stopped."
    );

    /// <summary>The journal cannot be written.</summary>
    public static readonly TsError RolloutJournalNotWritten = new(
        "RolloutJournalNotWritten",
        TsErrorCategory.WriteError,
        "What is about to be done could not be written down, so it is not done.",
        "Make room, or give another folder with -StateFolder."
    );

    /// <summary>etcd is not whole.</summary>
    public static readonly TsError EtcdNotWhole = new(
        "EtcdNotWhole",
        TsErrorCategory.ResourceUnavailable,
        "A member of etcd does not answer, only learns, has no leader or raises an alarm: no control plane is restarted then.",
        "Look at Get-TalosEtcdMember and Get-TalosService etcd; bring the member back, or remove one that is gone for good with Remove-TalosEtcdMember."
    );

    /// <summary>The machine at a node's address is not the one that was asked for the plan.</summary>
    public static readonly TsError RolloutNodeReplaced = new(
        "RolloutNodeReplaced",
        TsErrorCategory.SecurityError,
        "Another machine answers at the address of a node than when the plan was made.",
        "Find out which machine has the address now (Get-TsNode -Discover, Update-TalosNodeAddress); then run the same command again, which makes the plan anew."
    );

    /// <summary>The node cannot be changed now.</summary>
    public static readonly TsError RolloutNodeNotReady = new(
        "RolloutNodeNotReady",
        TsErrorCategory.ResourceUnavailable,
        "The node is not running and ready, so nothing is changed on it.",
        "Look at Test-TsNode for the node; run the same command again when it is well."
    );

    /// <summary>Another control plane is not Ready.</summary>
    public static readonly TsError ControlPlaneNotReady = new(
        "ControlPlaneNotReady",
        TsErrorCategory.ResourceUnavailable,
        "Another control plane is not Ready in Kubernetes: none is restarted then.",
        "Bring it back first; Test-TsNode names what is wrong with it."
    );

    /// <summary>The node is back and does not run the image.</summary>
    public static readonly TsError RolloutImageNotRunning = new(
        "RolloutImageNotRunning",
        TsErrorCategory.InvalidOperation,
        "The node restarted and does not run the image that it was given.",
        "Get-TalosEsp shows what it booted and why; Undo-TsNode goes back, another Install-TsNode tries again."
    );

    /// <summary>A check failed after the restart.</summary>
    public static readonly TsError RolloutNotVerified = new(
        "RolloutNotVerified",
        TsErrorCategory.InvalidOperation,
        "The node runs the image, and a check of it fails.",
        "Test-TsNode tells cause and fix; run the same command again afterwards, which does not restart the node."
    );

    /// <summary>There is nothing to go back to.</summary>
    public static readonly TsError NothingToUndo = new(
        "NothingToUndo",
        TsErrorCategory.ObjectNotFound,
        "The journal knows of no change of the node's image that could be undone, or it was undone already.",
        "Use Restore-Uki for a backup on the EFI system partition; the journal is that of the machine and user who ran Install-TsNode."
    );

    /// <summary>The image of before is not where it could be gone back to.</summary>
    public static readonly TsError PreviousImageNotThere = new(
        "PreviousImageNotThere",
        TsErrorCategory.ObjectNotFound,
        "The way back does not lead to the image that the node ran before Install-TsNode: something else was installed since.",
        "Get-TalosEsp shows what is there; Update-TalosNode with the installer of the image of before goes back to it."
    );

    /// <summary>Parts that exclude each other, or that miss each other.</summary>
    public static readonly TsError RolloutOptionInvalid = new(
        "RolloutOptionInvalid",
        TsErrorCategory.InvalidArgument,
        "The options of the rollout do not fit together, or to the node.",
        "See Get-Help Install-TsNode."
    );

    /// <summary>A wave that ran inside the cluster failed.</summary>
    public static readonly TsError RolloutWaveFailed = new(
        "RolloutWaveFailed",
        TsErrorCategory.InvalidOperation,
        "The Job of a wave has failed, so no further wave is begun.",
        "Read the log of the Job's pod (kubectl logs job/NAME); run the same command again to go on."
    );
}
