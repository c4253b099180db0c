<?php
/**
 * Plugin Name: Sync Assets hints
 * Description: Says which posts, media and terms have changed, so that they are synced within seconds.
 * Version: 1.0
 *
 * A must-use plugin: copy this file into wp-content/mu-plugins and set three constants in
 * wp-config.php:
 *
 *     define( 'SYNC_ASSETS_URL', 'https://gateway.example' );
 *     define( 'SYNC_ASSETS_TENANT', 'acme' );
 *     define( 'SYNC_ASSETS_SECRET', '…' );  // from `sync-assets tenant hook acme`
 *
 * At the end of a request it sends the kind, type and id of each object that the request has
 * touched: no content, no title, nothing about anybody. Where PHP can do that (php-fpm, LiteSpeed),
 * the visitor has the answer by then; elsewhere the gateway's answer is not waited for. It gives up
 * after a second, leaves a gateway that is slow alone for a minute, and never fails a request. What
 * gets lost is found by the next scheduled sync.
 *
 * Needs WordPress 5.5 and PHP 7.2.
 */

namespace SyncAssets\Hints;

defined( 'ABSPATH' ) || exit;

const CALL    = 500;   // Objects of one call: about 30 kB, of the 64 kB that the gateway takes.
const CALLS   = 10;    // Calls of one request: what an import changes beyond that is left to the scheduled sync.
const PATIENT = 1.0;   // Seconds.
const SLOW    = 0.9;   // Seconds. Who takes longer is not called for the next minute: PHP has few workers.
const AWAY    = 'sync_assets_hints_away';

// Meta that WordPress itself keeps about editing, and the counters of visits of common plugins: a
// visitor must not cause a call.
const IGNORED_META = array(
	'_edit_lock', '_edit_last', '_encloseme', '_pingme', '_wp_old_slug', '_wp_old_date',
	'_wp_desired_post_slug', '_wp_trash_meta_status', '_wp_trash_meta_time', '_wp_suggested_privacy_policy_content',
	'views', 'post_views_count', '_post_views_count', 'wpb_post_views_count', 'total_sales',
);

/** The objects that this request has touched, each once. */
final class Touched {
	/** @var array<string, array{kind: string, type: string, id: int}> */
	private static $objects = array();

	public static function add( string $kind, string $type, int $id ): void {
		$known = "$kind $type $id";
		if ( $id <= 0 || '' === $type || isset( self::$objects[ $known ] ) ) {
			return;
		}
		if ( count( self::$objects ) >= CALL * CALLS || ( is_multisite() && ms_is_switched() ) ) {
			return;
		}
		self::$objects[ $known ] = array( 'kind' => $kind, 'type' => $type, 'id' => $id );
	}

	/** @return array<int, array{kind: string, type: string, id: int}> */
	public static function take(): array {
		$objects       = array_values( self::$objects );
		self::$objects = array();
		return $objects;
	}
}

/** A post, page, medium or entry of a custom type, unless it is WordPress's own paperwork. */
function post( $id, $post = null ): void {
	$post = $post instanceof \WP_Post || (int) $id <= 0 ? $post : get_post( (int) $id );
	if ( ! $post instanceof \WP_Post || 'auto-draft' === $post->post_status ) {
		return;
	}
	$type = get_post_type_object( $post->post_type );
	if ( null === $type || ! $type->show_in_rest || ( ! $type->public && $type->_builtin ) ) {
		return; // Revisions and menu items, and whatever the REST API does not show either.
	}
	Touched::add( 'post', $post->post_type, $post->ID );
}

function term( $id, $taxonomy ): void {
	$known = get_taxonomy( $taxonomy );
	if ( $known && $known->show_in_rest ) {
		Touched::add( 'term', (string) $taxonomy, (int) $id );
	}
}

function changed_term( $id, $taxonomy_id, $taxonomy ): void {
	term( $id, $taxonomy );
}

/** Custom fields, also those that code writes: they move no date, so that nothing else tells of them. */
function post_meta( $meta_id, $post_id, $key ): void {
	if ( ! in_array( $key, ignored_meta(), true ) ) {
		post( $post_id );
	}
}

function term_meta( $meta_id, $term_id, $key ): void {
	$term = in_array( $key, ignored_meta(), true ) ? null : get_term( (int) $term_id );
	if ( $term instanceof \WP_Term ) {
		term( $term->term_id, $term->taxonomy );
	}
}

/** @return string[] */
function ignored_meta(): array {
	return (array) apply_filters( 'sync_assets_ignored_meta', IGNORED_META );
}

/** What a post's end changes besides: its children get another parent. */
function before_delete( $id ): void {
	global $wpdb;
	$children = "SELECT ID FROM $wpdb->posts WHERE post_parent = %d AND post_type <> 'revision' LIMIT %d";
	array_map( __NAMESPACE__ . '\post', $wpdb->get_col( $wpdb->prepare( $children, $id, CALL ) ) );
}

/** What the end of a medium changes besides: posts lose their featured image, and no hook names them. */
function before_delete_medium( $id, $post = null ): void {
	global $wpdb;
	post( $id, $post );
	$users = "SELECT post_id FROM $wpdb->postmeta WHERE meta_key = '_thumbnail_id' AND meta_value = %s LIMIT %d";
	array_map( __NAMESPACE__ . '\post', $wpdb->get_col( $wpdb->prepare( $users, (string) $id, CALL ) ) );
}

/** Terms whose parent was deleted, given by the ids of the table of taxonomies. */
function terms_by_taxonomy_id( $ids ): void {
	foreach ( (array) $ids as $id ) {
		$term = get_term_by( 'term_taxonomy_id', (int) ( is_object( $id ) ? $id->term_taxonomy_id : $id ) );
		if ( $term instanceof \WP_Term ) {
			term( $term->term_id, $term->taxonomy );
		}
	}
}

/** Tell the gateway, once the visitor has the answer. */
function send(): void {
	$objects = Touched::take();
	if ( ! $objects || get_transient( AWAY ) ) {
		return;
	}
	$alone = nobody_waits();
	foreach ( array_chunk( $objects, CALL ) as $part ) {
		if ( ! call( $part, $alone ) ) {
			return; // The gateway is away: it is not waited for a second time.
		}
	}
}

/** Let the visitor go; gives whether that could be done. */
function nobody_waits(): bool {
	if ( function_exists( 'fastcgi_finish_request' ) ) {
		return fastcgi_finish_request();
	}
	if ( function_exists( 'litespeed_finish_request' ) ) {
		return litespeed_finish_request();
	}
	return 'cli' === PHP_SAPI;
}

/**
 * One call; gives whether it may have been heard.
 *
 * An answer is waited for where nobody else waits: who hangs up as soon as he has spoken is not heard
 * by every server.
 */
function call( array $objects, bool $alone ): bool {
	// Two saves of one post within a second are two calls: `call` tells them apart.
	$body  = wp_json_encode( array( 'call' => wp_generate_uuid4(), 'objects' => $objects ) );
	$time  = (string) time();
	$began = microtime( true );
	$answer = wp_remote_post(
		rtrim( SYNC_ASSETS_URL, '/' ) . '/v1/hooks/wordpress/' . rawurlencode( SYNC_ASSETS_TENANT ),
		array(
			'blocking'    => $alone,
			'timeout'     => PATIENT,
			'redirection' => 0,
			'headers'     => array(
				'Content-Type'            => 'application/json',
				'X-Sync-Assets-Timestamp' => $time,
				'X-Sync-Assets-Signature' => 'sha256=' . hash_hmac( 'sha256', "$time.$body", SYNC_ASSETS_SECRET ),
			),
			'body'        => $body,
		)
	);
	if ( microtime( true ) - $began > SLOW ) {
		set_transient( AWAY, 1, MINUTE_IN_SECONDS );
		return false;
	}
	if ( is_wp_error( $answer ) ) {
		return false;
	}
	$status = (int) wp_remote_retrieve_response_code( $answer );
	if ( $alone && 202 !== $status ) {
		error_log( "Sync Assets hints: the gateway answered $status" );
	}
	return true;
}

/** The same listener; whatever happens in it is no reason for a request to fail. */
function harmless( string $listener ): \Closure {
	return function ( ...$given ) use ( $listener ): void {
		try {
			$listener( ...$given );
		} catch ( \Throwable $error ) {
			error_log( "Sync Assets hints: $listener: " . get_class( $error ) );
		}
	};
}

/** Listen, where the constants say to whom. */
function listen(): void {
	foreach ( array( 'SYNC_ASSETS_URL', 'SYNC_ASSETS_TENANT', 'SYNC_ASSETS_SECRET' ) as $constant ) {
		if ( ! defined( $constant ) || '' === constant( $constant ) ) {
			return;
		}
	}
	$hooks = array(
		'post'                 => array( 'save_post', 'trashed_post', 'untrashed_post', 'deleted_post', 'add_attachment', 'edit_attachment', 'post_stuck', 'post_unstuck', 'set_object_terms', 'deleted_term_relationships' ),
		'before_delete'        => array( 'before_delete_post' ),
		'before_delete_medium' => array( 'delete_attachment' ),
		'post_meta'            => array( 'added_post_meta', 'updated_post_meta', 'deleted_post_meta' ),
		'term_meta'            => array( 'added_term_meta', 'updated_term_meta', 'deleted_term_meta' ),
		'terms_by_taxonomy_id' => array( 'edited_term_taxonomies' ),
	);
	foreach ( $hooks as $listener => $names ) {
		foreach ( $names as $name ) {
			add_action( $name, harmless( __NAMESPACE__ . '\\' . $listener ), 100, 3 );
		}
	}
	foreach ( array( 'created_term', 'edited_term', 'delete_term' ) as $name ) {
		add_action( $name, harmless( __NAMESPACE__ . '\changed_term' ), 100, 3 );
	}
	add_action( 'shutdown', harmless( __NAMESPACE__ . '\send' ), PHP_INT_MAX );
}

listen();
