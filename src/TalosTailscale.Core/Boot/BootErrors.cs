namespace TalosTailscale.Core.Boot;

/// <summary>What can go wrong around the EFI system partition and a swap. Refusals of gates are in <see cref="SwapErrors"/>.</summary>
public static class BootErrors
{
    /// <summary>No EFI system partition was found on the node.</summary>
    public static readonly TsError EspNotFound = new(
        "EspNotFound",
        TsErrorCategory.ObjectNotFound,
        "The node's system disk has no partition labelled EFI with a FAT file system.",
        "Look at 'Get-TalosResource -Type DiscoveredVolumes' of the node; a node without UEFI boots by GRUB and is activated by Update-TalosNode."
    );

    /// <summary>More than one partition could be the one the node boots from.</summary>
    public static readonly TsError EspAmbiguous = new(
        "EspAmbiguous",
        TsErrorCategory.InvalidOperation,
        "More than one EFI system partition is attached to the node, so that the one it boots from is not certain.",
        "Use a talosconfig with the role os:admin, which may read the EFI variable that names it; else detach the disk with the other one, or name the partition with -EspDevice."
    );

    /// <summary>The node boots by GRUB.</summary>
    public static readonly TsError EspIsGrub = new(
        "EspIsGrub",
        TsErrorCategory.InvalidOperation,
        "The node boots by GRUB: kernel and initrd lie on a BOOT partition and there is no UKI to swap.",
        "Use Update-TalosNode, which installs through GRUB as well."
    );

    /// <summary>The shell is on another machine.</summary>
    public static readonly TsError ShellOnAnotherMachine = new(
        "ShellOnAnotherMachine",
        TsErrorCategory.SecurityError,
        "The shell is not on the machine that Talos answers for under this name and address, so it is not used.",
        "Check the node's address and 'kubernetesName' in its node.yaml, and that -KubeConfig, -KubeContext and -Context are "
            + "of one cluster; after a restart in between, run the command again."
    );

    /// <summary>Which machine the shell is on is not known.</summary>
    public static readonly TsError ShellMachineUnknown = new(
        "ShellMachineUnknown",
        TsErrorCategory.SecurityError,
        "Whether the shell is on the machine that Talos answers for could not be found out, so it is not used.",
        "Use a talosconfig with the role 'os:admin', which may read the node's boot id, and an image that has 'cat'."
    );

    /// <summary>Two swaps at once.</summary>
    public static readonly TsError EspLocked = new(
        "EspLocked",
        TsErrorCategory.ResourceBusy,
        "Another run is changing the EFI system partition of the node.",
        "Wait until the other run has ended; a lock without a living holder is taken over by itself."
    );

    /// <summary>No space left while staging.</summary>
    public static readonly TsError EspFull = new(
        "EspFull",
        TsErrorCategory.ResourceUnavailable,
        "The EFI system partition has not enough space for the new image, or its folder for more names.",
        "Remove old backups with 'Invoke-UkiSwap -Prune', or names that Get-TalosEsp lists as Other."
    );

    /// <summary>The file system cannot be written.</summary>
    public static readonly TsError EspReadOnly = new(
        "EspReadOnly",
        TsErrorCategory.WriteError,
        "The EFI system partition cannot be written: its file system is damaged or write-protected.",
        "Boot the node from other media and repair the file system with fsck.vfat, then try again."
    );

    /// <summary>The device could not be mounted.</summary>
    public static readonly TsError EspMountFailed = new(
        "EspMountFailed",
        TsErrorCategory.ResourceUnavailable,
        "The EFI system partition could not be mounted in the node shell.",
        "Check the device with 'Get-TalosEsp -Verbose' and that the helper pod may be privileged."
    );

    /// <summary>A file that was expected is not there, or one is in the way.</summary>
    public static readonly TsError EspChanged = new(
        "EspChanged",
        TsErrorCategory.InvalidOperation,
        "The EFI system partition is not any more as it was when the plan was made.",
        "Run the command again; it reads everything anew."
    );

    /// <summary>A name that no file of a sound FAT has.</summary>
    public static readonly TsError EspNameInvalid = new(
        "EspNameInvalid",
        TsErrorCategory.InvalidData,
        "The EFI system partition has a file or folder whose name has control characters, or leads out of the partition.",
        "Repair the file system (fsck.vfat) or remove that entry; what boots next cannot be told before."
    );

    /// <summary>What the disk holds is not what was sent.</summary>
    public static readonly TsError EspHashMismatch = new(
        "EspHashMismatch",
        TsErrorCategory.InvalidData,
        "A file read back from the node's disk has another SHA-256 than it should have.",
        "Run the command again; if it happens twice, suspect the disk or the memory of the node."
    );

    /// <summary>Writing or renaming failed.</summary>
    public static readonly TsError EspWriteFailed = new(
        "EspWriteFailed",
        TsErrorCategory.WriteError,
        "A file on the EFI system partition could not be written or renamed.",
        "Look at the node's kernel log (Get-TalosLog -Id kernel) for errors of the disk."
    );

    /// <summary>A file could not be read.</summary>
    public static readonly TsError EspReadFailed = new(
        "EspReadFailed",
        TsErrorCategory.ReadError,
        "A file on the EFI system partition could not be read: the node's disk does not give it back.",
        "Look at the node's kernel log (Get-TalosLog NODE -Id kernel) for errors of the disk, and replace it."
    );

    /// <summary>The source is another than the one that was looked at.</summary>
    public static readonly TsError SwapSourceChanged = new(
        "SwapSourceChanged",
        TsErrorCategory.InvalidData,
        "The source of the swap is not any more what it was when the plan was made.",
        "Let nobody write to the file meanwhile, and run the command again: it reads and judges the image anew."
    );

    /// <summary>Fewer bytes arrived than were announced.</summary>
    public static readonly TsError TransferIncomplete = new(
        "TransferIncomplete",
        TsErrorCategory.ConnectionError,
        "The connection ended before the whole image was on the node.",
        "Run the command again; what is staged and verified is not sent a second time."
    );

    /// <summary>The node shell ended in a way it never does by itself.</summary>
    public static readonly TsError NodeShellFailed = new(
        "NodeShellFailed",
        TsErrorCategory.InvalidOperation,
        "The program in the node shell ended unexpectedly: killed, or the image lacks a tool.",
        "Use an image with sh, mount, dd and sha256sum (busybox, Debian slim), and see the pod's memory limit."
    );

    /// <summary>Talos before 1.13 runs no containers for a client.</summary>
    public static readonly TsError DebugServiceMissing = new(
        "DebugServiceMissing",
        TsErrorCategory.NotImplemented,
        "The node's Talos has no DebugService, by which a shell could be had without Kubernetes.",
        "Use '-Via Kubernetes' with a kubeconfig whose user may create privileged pods in kube-system."
    );

    /// <summary>An installer image was asked for where only a pod can open it.</summary>
    public static readonly TsError ShellCannotBorrow = new(
        "ShellCannotBorrow",
        TsErrorCategory.NotImplemented,
        "A shell by way of Talos cannot take a file out of another image.",
        "Use '-Via Kubernetes', or give the UKI as a file with -Path."
    );

    /// <summary>After the exchange something went wrong and the old image could not be put back.</summary>
    public static readonly TsError SwapNotRestored = new(
        "SwapNotRestored",
        TsErrorCategory.InvalidOperation,
        "After the exchange a verification failed and the old image could not be put back.",
        "Do not reboot the node; run Restore-Uki, or the commands in the message."
    );

    /// <summary>The node was lost at the exchange, and what its partition holds could not be found out.</summary>
    public static readonly TsError SwapUnverified = new(
        "SwapUnverified",
        TsErrorCategory.ConnectionError,
        "The way to the node was lost at the exchange, and what its partition holds could not be found out.",
        "Run Get-TalosEsp when the node can be reached and before it is rebooted: it names what is there by its hash. Then run the command again, which goes on from that."
    );

    /// <summary>There is no backup to go back to.</summary>
    public static readonly TsError BackupNotFound = new(
        "BackupNotFound",
        TsErrorCategory.ObjectNotFound,
        "There is no backup of the booted entry on the EFI system partition.",
        "See 'Get-TalosEsp' for the files that are there and name one with -Backup."
    );

    /// <summary>There is no other entry of the running version.</summary>
    public static readonly TsError NothingToPromote = new(
        "NothingToPromote",
        TsErrorCategory.ObjectNotFound,
        "There is no other boot entry of the running version that a failed upgrade could have left.",
        "See 'Get-TalosEsp' for the files that are there; give a new image with -Path."
    );

    /// <summary>The node is back and a check of it fails.</summary>
    public static readonly TsError SwapNotVerified = new(
        "SwapNotVerified",
        TsErrorCategory.InvalidOperation,
        "The node came back after the reboot, and a check of it failed.",
        "Test-TsNode names cause and fix; Restore-Uki with -Reboot -Wait goes back to the image that ran before."
    );

    /// <summary>The node did not come back.</summary>
    public static readonly TsError NodeNotBack = new(
        "NodeNotBack",
        TsErrorCategory.OperationTimeout,
        "The node did not come back after the reboot.",
        "Use the recovery steps in the message at the node's console or BMC."
    );
}
